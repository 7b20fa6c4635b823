/// One `.gitattributes` file (gitattributes(5)), as far as it takes to know which paths `export-ignore` leaves out.
struct AttributeFile {
    /// What a line says about one attribute.
    enum State {
        case set, unset, unspecified, value
    }

    /// The attributes of a line, in its order.
    typealias States = [(name: String, state: State)]

    private struct Rule {
        let glob: Glob
        let isOfNames: Bool
        let isOfFolders: Bool
        let states: States

        func matches(_ path: ArraySlice<UInt8>, isFolder: Bool) -> Bool {
            if isOfFolders, !isFolder { return false }
            guard isOfNames else { return glob.matches(path) }
            let name = path.lastIndex(of: UInt8(ascii: "/")).map { path[($0 + 1)...] } ?? path
            return glob.matches(name)
        }
    }

    private var rules: [Rule] = []
    /// The attributes that a line `[attr]name …` stands for.
    private(set) var macros: [String: States] = [:]

    init(_ text: [UInt8]) {
        for line in text.split(separator: UInt8(ascii: "\n")) { read(line) }
    }

    /// What the lines that match the path say, the most important first.
    func states(for path: ArraySlice<UInt8>, isFolder: Bool) -> [States] {
        rules.reversed().filter { $0.matches(path, isFolder: isFolder) }.map(\.states)
    }

    private mutating func read(_ line: ArraySlice<UInt8>) {
        let line = line.drop(while: Self.isSpace)
        guard let first = line.first, first != UInt8(ascii: "#") else { return }
        guard let (text, rest) = Self.pattern(line) else { return }
        var pattern = text
        let states = rest.split(whereSeparator: Self.isSpace).map(Self.state)
        let macro = Array("[attr]".utf8)
        if pattern.starts(with: macro) {
            macros[String(decoding: pattern.dropFirst(macro.count), as: UTF8.self)] = states
            return
        }
        // A pattern that takes back is refused by git, too.
        if pattern.first == UInt8(ascii: "!") { return }
        let isOfFolders = pattern.last == UInt8(ascii: "/")
        if isOfFolders { pattern.removeLast() }
        rules.append(
            Rule(
                glob: Glob(pattern), isOfNames: !pattern.contains(UInt8(ascii: "/")), isOfFolders: isOfFolders,
                states: states))
    }

    /// Takes the pattern off a line; one in quotes has C's escapes.
    private static func pattern(_ line: ArraySlice<UInt8>) -> (pattern: [UInt8], rest: ArraySlice<UInt8>)? {
        guard line.first == UInt8(ascii: "\"") else {
            let pattern = line.prefix { !isSpace($0) }
            return (Array(pattern), line.dropFirst(pattern.count))
        }
        var rest = line.dropFirst()
        var pattern: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return (pattern, rest) }
            guard byte == UInt8(ascii: "\\") else {
                pattern.append(byte)
                continue
            }
            guard let escaped = rest.popFirst() else { return nil }
            switch escaped {
            case UInt8(ascii: "t"): pattern.append(9)
            case UInt8(ascii: "n"): pattern.append(10)
            case UInt8(ascii: "r"): pattern.append(13)
            case UInt8(ascii: "0")...UInt8(ascii: "3"):
                let digits = [escaped] + rest.prefix(2)
                guard digits.count == 3, let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) else {
                    return nil
                }
                pattern.append(byte)
                rest = rest.dropFirst(2)
            default: pattern.append(escaped)
            }
        }
        return nil
    }

    private static func state(_ word: ArraySlice<UInt8>) -> (name: String, state: State) {
        let text = String(decoding: word, as: UTF8.self)
        if text.hasPrefix("-") { return (String(text.dropFirst()), .unset) }
        if text.hasPrefix("!") { return (String(text.dropFirst()), .unspecified) }
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? .value : .set)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}
