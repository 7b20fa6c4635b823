/// The sections of AWS's `config` and `credentials` files, joined; `credentials` wins.
struct ProfileFile: Sendable {
    private var sections: [String: [String: String]] = [:]

    init(environment: [String: String]) {
        let home = environment["HOME"] ?? "/nonexistent"
        read(environment["AWS_CONFIG_FILE"] ?? "\(home)/.aws/config")
        read(environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(home)/.aws/credentials")
    }

    subscript(_ profile: String) -> [String: String]? { sections[profile] }

    private mutating func read(_ path: String) {
        guard let text = SmallFile.text(path) else { return }
        var section: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let line = Self.trim(line)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                let name = Self.trim(line.dropFirst().dropLast())
                section = name.hasPrefix("profile ") ? Self.trim(name.dropFirst(8)) : name
                continue
            }
            let parts = line.split(separator: "=", maxSplits: 1)
            guard let section, parts.count == 2 else { continue }
            sections[section, default: [:]][Self.trim(parts[0]).lowercased()] = Self.trim(parts[1])
        }
    }

    private static func trim(_ text: Substring) -> String {
        var text = text.drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    private static func trim(_ text: String) -> String { trim(text[...]) }
}
