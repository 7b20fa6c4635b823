/// The sections of AWS's `config` and `credentials` files, joined; `credentials` wins.
struct ProfileFile: Sendable {
    private var sections: [String: [String: String]] = [:]

    init(environment: [String: String]) {
        let home = environment["HOME"] ?? "/nonexistent"
        read(environment["AWS_CONFIG_FILE"] ?? "\(home)/.aws/config")
        read(environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(home)/.aws/credentials")
    }

    /// The profile that the environment chooses.
    static func name(_ environment: [String: String]) -> String {
        environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"] ?? "default"
    }

    subscript(_ profile: String) -> [String: String]? { sections[profile] }

    /// A section of another kind, such as `[sso-session NAME]`.
    subscript(_ kind: String, _ name: String) -> [String: String]? { sections["\(kind) \(name)"] }

    private mutating func read(_ path: String) {
        guard let text = SmallFile.text(path) else { return }
        var section: String?
        var isNested = false
        for whole in text.split(whereSeparator: \.isNewline) {
            let line = Self.trim(whole)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                let words = line.dropFirst().dropLast().split(maxSplits: 1, whereSeparator: \.isWhitespace)
                    .map { Self.trim($0) }
                section = words.first == "profile" && words.count == 2 ? words[1] : words.joined(separator: " ")
                isNested = false
                continue
            }
            // Below a key without a value stand settings of one service.
            if isNested, whole.first?.isWhitespace == true { continue }
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let section, parts.count == 2 else { continue }
            let value = Self.trim(parts[1])
            isNested = value.isEmpty
            if !isNested { sections[section, default: [:]][Self.trim(parts[0]).lowercased()] = value }
        }
    }

    private static func trim(_ text: Substring) -> String {
        var text = text.drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    private static func trim(_ text: String) -> String { trim(text[...]) }
}
