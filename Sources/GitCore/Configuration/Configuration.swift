/// Holds git's configuration as it stands for one repository, copied out; later values win.
///
/// Keys are `section.name` or `section.subsection.name`; section and name are compared without regard to case.
public struct Configuration: Sendable {
    /// One value; nil is a key without `=`, which means true.
    struct Entry: Sendable, Equatable {
        let key: String
        let value: String?
    }

    let entries: [Entry]
    private let indices: [String: [Int]]

    /// Takes entries with canonical keys, the least important first.
    init(entries: [Entry]) {
        self.entries = entries
        indices = Dictionary(grouping: entries.indices) { entries[$0].key }
    }

    /// The last value of the key; empty for a key without a value.
    public func string(_ key: String) -> String? {
        last(key).map { $0.value ?? "" }
    }

    /// All values of the key, in the order in which git reads them.
    public func strings(_ key: String) -> [String] {
        (indices[Self.canonical(key) ?? key] ?? []).map { entries[$0].value ?? "" }
    }

    /// The last value as a boolean: `true`, `yes`, `on`, a number, or no value at all, and their opposites.
    /// - Throws: `.invalidConfiguration` when it is none of them.
    public func bool(_ key: String) throws(GitError) -> Bool? {
        guard let entry = last(key) else { return nil }
        guard let value = entry.value else { return true }
        if let flag = Self.boolean(value) { return flag }
        throw GitError(.invalidConfiguration, .configure, "'\(key)': '\(value)' is not a boolean")
    }

    /// The last value as a number, which may end in `k`, `m` or `g` (powers of 1024).
    /// - Throws: `.invalidConfiguration` when it is no number or too large.
    public func int(_ key: String) throws(GitError) -> Int? {
        guard let entry = last(key) else { return nil }
        if let number = entry.value.flatMap(Self.integer) { return number }
        throw GitError(.invalidConfiguration, .configure, "'\(key)': '\(entry.value ?? "")' is not a number")
    }

    private func last(_ key: String) -> Entry? {
        indices[Self.canonical(key) ?? key]?.last.map { entries[$0] }
    }
}

extension Configuration {
    /// Git's reading of a boolean's text; nil when it is none.
    static func boolean(_ text: String?) -> Bool? {
        switch text?.lowercased() {
        case nil: nil
        case "true", "yes", "on": true
        case "false", "no", "off", "": false
        case let number?: integer(number).map { $0 != 0 }
        }
    }

    private static func integer(_ text: String) -> Int? {
        let factors: [Character: Int] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
        let factor = text.lowercased().last.flatMap { factors[$0] }
        guard let number = Int(factor == nil ? text[...] : text.dropLast()) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor ?? 1)
        return overflow ? nil : product
    }

    /// The key with section and name in lower case; nil when it has no section or no name.
    static func canonical(_ key: String) -> String? {
        guard let first = key.firstIndex(of: "."), let last = key.lastIndex(of: "."), first != key.startIndex else {
            return nil
        }
        let name = key[key.index(after: last)...]
        return name.isEmpty ? nil : key[..<first].lowercased() + key[first..<last] + "." + name.lowercased()
    }
}
