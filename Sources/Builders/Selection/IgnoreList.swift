/// Patterns of paths to leave out, in the words of `.dockerignore`: the last pattern that matches decides, `!` takes
/// back, and a match of a folder holds for all that lies below it.
struct IgnoreList {
    private struct Pattern {
        let glob: Glob
        let isException: Bool
    }

    /// Which patterns match a folder; where its children begin.
    struct Matches {
        fileprivate var flags: [Bool]
    }

    private let patterns: [Pattern]

    /// Whether there are no patterns.
    var isEmpty: Bool { patterns.isEmpty }

    /// Whether something below a folder that is left out may come back.
    let hasExceptions: Bool

    /// What holds for the root.
    var start: Matches { Matches(flags: [Bool](repeating: false, count: patterns.count)) }

    /// - Parameters:
    ///   - file: the text of a `.dockerignore`.
    ///   - more: patterns that stand after those of the file.
    init(file: [UInt8] = [], more: [String] = []) {
        let lines = file.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            .map { String(decoding: $0, as: UTF8.self) }
            .filter { !$0.hasPrefix("#") }
        patterns = (lines + more).compactMap(Self.pattern)
        hasExceptions = patterns.contains(where: \.isException)
    }

    private static func pattern(_ line: String) -> Pattern? {
        var text = line.drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        let isException = text.first == "!"
        if isException { text = text.dropFirst().drop { $0.isWhitespace } }
        var names: [Substring] = []
        for name in text.split(separator: "/") where name != "." {
            if name == ".." { _ = names.popLast() } else { names.append(name) }
        }
        guard !names.isEmpty else { return nil }
        return Pattern(glob: Glob(names.joined(separator: "/").utf8), isException: isException)
    }

    /// Tells whether the path is left out; `above` is what this returned for its folder.
    func isExcluded(_ path: [UInt8], above: Matches) -> (excluded: Bool, matches: Matches) {
        guard !patterns.isEmpty else { return (false, above) }
        var matches = above
        var excluded = false
        for (index, pattern) in patterns.enumerated() {
            if !matches.flags[index] { matches.flags[index] = pattern.glob.matches(path) }
            if matches.flags[index] { excluded = !pattern.isException }
        }
        return (excluded, matches)
    }
}
