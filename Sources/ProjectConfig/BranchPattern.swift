/// A branch name, or a glob for several: `*` and `?` stay within one part of the name, `**` crosses slashes.
///
/// Git forbids the three signs in branch names (`git-check-ref-format(1)`), so there is nothing to escape.
package struct BranchPattern: Sendable, Equatable, CustomStringConvertible {
    /// The longest pattern, in bytes.
    static let maximumLength = 250

    /// The pattern as written.
    package let text: String

    private let tokens: [Token]

    private enum Token: Equatable {
        case byte(UInt8)
        /// `?`
        case one
        /// `*`
        case withinPart
        /// `**`
        case anything

        var repeats: Bool { self == .withinPart || self == .anything }

        func shares(aByteWith other: Token) -> Bool {
            switch (self, other) {
            case (.byte(let one), .byte(let two)): one == two
            case (.byte(let byte), .one), (.byte(let byte), .withinPart), (.one, .byte(let byte)),
                (.withinPart, .byte(let byte)):
                byte != UInt8(ascii: "/")
            default: true
            }
        }
    }

    /// Makes a pattern; nil when no branch name can match the text.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let forbidden = Array(" ~^:\\[".utf8)
        guard (1...Self.maximumLength).contains(bytes.count), !text.hasPrefix("/"), !text.hasSuffix("/"),
            !text.hasPrefix("-"), !text.hasPrefix("refs/"), !text.contains("//"), !text.contains(".."),
            !text.contains("@{"), bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F && !forbidden.contains($0) })
        else { return nil }
        self.text = text
        tokens = Self.tokens(bytes)
        isPlainName = tokens == bytes.map(Token.byte)
    }

    /// The pattern as written.
    package var description: String { text }

    /// True when the pattern matches exactly one name.
    package let isPlainName: Bool

    /// Tells whether the pattern matches a branch name (without `refs/heads/`).
    package func matches(_ branch: String) -> Bool {
        Self.meet(tokens, branch.utf8.map(Token.byte))
    }

    /// Tells whether some branch name matches both patterns.
    package func overlaps(_ other: BranchPattern) -> Bool {
        isPlainName && other.isPlainName ? text == other.text : Self.meet(tokens, other.tokens)
    }

    private static func tokens(_ bytes: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "?"): tokens.append(.one)
            case UInt8(ascii: "*"):
                if tokens.last?.repeats == true {
                    tokens[tokens.count - 1] = .anything
                } else {
                    tokens.append(.withinPart)
                }
            default: tokens.append(.byte(byte))
            }
        }
        return tokens
    }

    /// Walks both patterns side by side through every pair of positions that one common name can reach.
    private static func meet(_ left: [Token], _ right: [Token]) -> Bool {
        let width = right.count + 1
        var seen = [Bool](repeating: false, count: (left.count + 1) * width)
        var open = [(0, 0)]
        while let (row, column) = open.popLast() {
            if row == left.count && column == right.count { return true }
            guard !seen[row * width + column] else { continue }
            seen[row * width + column] = true
            if row < left.count && left[row].repeats { open.append((row + 1, column)) }
            if column < right.count && right[column].repeats { open.append((row, column + 1)) }
            if row < left.count && column < right.count && left[row].shares(aByteWith: right[column]) {
                open.append((left[row].repeats ? row : row + 1, right[column].repeats ? column : column + 1))
            }
        }
        return false
    }
}
