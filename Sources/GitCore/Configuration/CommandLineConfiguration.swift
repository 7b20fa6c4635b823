/// Parses the configuration that git hands to its children in the environment: `git -c`, `--config-env`,
/// and `GIT_CONFIG_COUNT` (git-config, “ENVIRONMENT”; quoting as in git's `quote.c`).
enum CommandLineConfiguration {
    /// The entries in git's order: first the counted variables, then `GIT_CONFIG_PARAMETERS`.
    static func entries(in environment: [String: String]) throws(GitError) -> [Configuration.Entry] {
        try counted(environment) + parameters(environment["GIT_CONFIG_PARAMETERS"] ?? "")
    }

    private static func counted(_ environment: [String: String]) throws(GitError) -> [Configuration.Entry] {
        guard let text = environment["GIT_CONFIG_COUNT"], !text.isEmpty else { return [] }
        guard let count = Int(text), 0...100_000 ~= count else {
            throw invalid("GIT_CONFIG_COUNT", "'\(text)' is not a count")
        }
        var entries: [Configuration.Entry] = []
        for index in 0..<count {
            guard let key = environment["GIT_CONFIG_KEY_\(index)"] else {
                throw invalid("GIT_CONFIG_KEY_\(index)", "it is not set")
            }
            guard let value = environment["GIT_CONFIG_VALUE_\(index)"] else {
                throw invalid("GIT_CONFIG_VALUE_\(index)", "it is not set")
            }
            entries.append(try entry(key, value, in: "GIT_CONFIG_KEY_\(index)"))
        }
        return entries
    }

    /// Reads both forms: `'key=value'` of git before 2.31, and `'key'='value'`; a key alone means true.
    static func parameters(_ text: String) throws(GitError) -> [Configuration.Entry] {
        let variable = "GIT_CONFIG_PARAMETERS"
        var rest = Array(text.utf8)[...]
        var entries: [Configuration.Entry] = []
        rest = rest.drop(while: isSpace)
        while !rest.isEmpty {
            guard let key = unquote(&rest) else { throw invalid(variable, "its quoting is broken") }
            if rest.first.map(isSpace) ?? true {
                let parts = key.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                entries.append(try entry(String(parts[0]), parts.count > 1 ? String(parts[1]) : nil, in: variable))
            } else if rest.popFirst() == UInt8(ascii: "=") {
                let isBare = rest.first.map(isSpace) ?? true
                let value = isBare ? nil : unquote(&rest)
                guard isBare || value != nil, rest.first.map(isSpace) ?? true else {
                    throw invalid(variable, "its quoting is broken")
                }
                entries.append(try entry(key, value, in: variable))
            } else {
                throw invalid(variable, "its quoting is broken")
            }
            rest = rest.drop(while: isSpace)
        }
        return entries
    }

    /// Takes one `'…'` off the front, in which `'\''` and `'\!'` stand for a quote and an exclamation mark.
    private static func unquote(_ text: inout ArraySlice<UInt8>) -> String? {
        let quote = UInt8(ascii: "'")
        guard text.popFirst() == quote else { return nil }
        var bytes: [UInt8] = []
        while let byte = text.popFirst() {
            if byte != quote {
                bytes.append(byte)
                continue
            }
            let escape = Array(text.prefix(3))
            guard escape.count == 3, escape[0] == UInt8(ascii: "\\"), escape[2] == quote,
                escape[1] == quote || escape[1] == UInt8(ascii: "!")
            else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(escape[1])
            text = text.dropFirst(3)
        }
        return nil
    }

    private static func entry(
        _ key: String, _ value: String?, in variable: String
    ) throws(GitError) -> Configuration.Entry {
        guard let canonical = Configuration.canonical(key) else {
            throw invalid(variable, "the key '\(key)' has no section or no name")
        }
        return Configuration.Entry(key: canonical, value: value)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || 9...13 ~= byte }

    private static func invalid(_ variable: String, _ reason: String) -> GitError {
        GitError(.invalidConfiguration, .configure, "'\(variable)': \(reason)")
    }
}
