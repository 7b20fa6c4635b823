/// A pattern for a path, as git and Docker write it, matched by bytes and with regard to case.
///
/// `*`, `?` and `[…]` stay within a name; `**` as a whole name stands for any number of them, at the end for at least
/// one; `\` takes the next byte as it is.
struct Glob: Hashable {
    private let names: [ArraySlice<UInt8>]

    init(_ pattern: some Collection<UInt8>) {
        names = Array(pattern).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true)
    }

    /// Whether the whole path, names joined by `/`, is what the pattern says.
    func matches(_ path: some Collection<UInt8>) -> Bool {
        let path = Array(path).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true)
        var (own, other) = (0, 0)
        var star: (own: Int, other: Int)?
        while other < path.count {
            if own < names.count, names[own].elementsEqual("**".utf8) {
                if own == names.count - 1 { return true }
                star = (own, other)
                own += 1
            } else if own < names.count, Self.matches(names[own], path[other]) {
                (own, other) = (own + 1, other + 1)
            } else if let last = star {
                // What the stars took was too little: one name more.
                star = (last.own, last.other + 1)
                (own, other) = (last.own + 1, last.other + 1)
            } else {
                return false
            }
        }
        return own == names.count
    }

    /// Whether one name is what one part of a pattern says.
    static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        var (rest, text) = (pattern, name)
        var star: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
        while let byte = text.first {
            if rest.first == UInt8(ascii: "*") {
                rest = rest.dropFirst()
                star = (rest, text)
            } else if let after = step(rest, byte) {
                rest = after
                text = text.dropFirst()
            } else if let last = star {
                text = last.text.dropFirst()
                rest = last.pattern
                star = (rest, text)
            } else {
                return false
            }
        }
        return rest.allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// The pattern after what takes this byte; nil when it takes another.
    private static func step(_ pattern: ArraySlice<UInt8>, _ byte: UInt8) -> ArraySlice<UInt8>? {
        switch pattern.first {
        case UInt8(ascii: "?"): return pattern.dropFirst()
        case UInt8(ascii: "["):
            guard let (set, after) = ByteSet.read(pattern) else { return nil }
            return set.contains(byte) ? after : nil
        case UInt8(ascii: "\\"):
            let quoted = pattern.dropFirst()
            return quoted.first == byte ? quoted.dropFirst() : nil
        case let own?: return own == byte ? pattern.dropFirst() : nil
        case nil: return nil
        }
    }
}

/// The bytes that `[…]` stands for.
private struct ByteSet {
    private var ranges: [ClosedRange<UInt8>] = []
    private var isNegated = false

    func contains(_ byte: UInt8) -> Bool { ranges.contains { $0.contains(byte) } != isNegated }

    /// Reads a set with its brackets; nil when it has no end.
    static func read(_ pattern: ArraySlice<UInt8>) -> (set: ByteSet, rest: ArraySlice<UInt8>)? {
        var rest = pattern.dropFirst()
        var set = ByteSet()
        if rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^") {
            set.isNegated = true
            rest = rest.dropFirst()
        }
        var isFirst = true
        while let byte = rest.first, isFirst || byte != UInt8(ascii: "]") {
            isFirst = false
            if byte == UInt8(ascii: "["), let (ranges, after) = named(rest) {
                set.ranges += ranges
                rest = after
                continue
            }
            guard let low = take(&rest) else { return nil }
            var high = low
            if rest.first == UInt8(ascii: "-"), let next = rest.dropFirst().first, next != UInt8(ascii: "]") {
                rest = rest.dropFirst()
                guard let end = take(&rest) else { return nil }
                high = end
            }
            if low <= high { set.ranges.append(low...high) }
        }
        guard rest.first == UInt8(ascii: "]") else { return nil }
        return (set, rest.dropFirst())
    }

    private static func take(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
        if rest.first == UInt8(ascii: "\\") { rest = rest.dropFirst() }
        return rest.popFirst()
    }

    /// A class such as `[:digit:]`.
    private static func named(_ text: ArraySlice<UInt8>) -> (ranges: [ClosedRange<UInt8>], rest: ArraySlice<UInt8>)? {
        for (name, ranges) in classes {
            let word = Array("[:\(name):]".utf8)
            if text.starts(with: word) { return (ranges, text.dropFirst(word.count)) }
        }
        return nil
    }

    private static let classes: [(String, [ClosedRange<UInt8>])] = [
        ("alpha", [0x41...0x5A, 0x61...0x7A]), ("digit", [0x30...0x39]),
        ("alnum", [0x30...0x39, 0x41...0x5A, 0x61...0x7A]), ("upper", [0x41...0x5A]), ("lower", [0x61...0x7A]),
        ("space", [0x20...0x20, 0x09...0x0D]), ("xdigit", [0x30...0x39, 0x41...0x46, 0x61...0x66]),
        ("punct", [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]),
    ]
}
