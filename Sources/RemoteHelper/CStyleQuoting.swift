/// git's quoting of unusual text: `quote.c`, documented under `core.quotePath` in `git-config(1)`.
package enum CStyleQuoting {
    private static let escapes: [(letter: UInt8, byte: UInt8)] = [
        (UInt8(ascii: "a"), 0x07), (UInt8(ascii: "b"), 0x08), (UInt8(ascii: "t"), 0x09), (UInt8(ascii: "n"), 0x0A),
        (UInt8(ascii: "v"), 0x0B), (UInt8(ascii: "f"), 0x0C), (UInt8(ascii: "r"), 0x0D),
        (UInt8(ascii: "\""), UInt8(ascii: "\"")), (UInt8(ascii: "\\"), UInt8(ascii: "\\")),
    ]

    /// Returns the bytes in double quotes, with control characters, quotes and backslashes escaped.
    ///
    /// Bytes above 0x7F stay as they are, as with `core.quotePath=false`.
    package static func quote(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var quoted = [UInt8(ascii: "\"")]
        for byte in bytes {
            if let escape = escapes.first(where: { $0.byte == byte }) {
                quoted += [UInt8(ascii: "\\"), escape.letter]
            } else if byte < 0x20 || byte == 0x7F {
                quoted += [UInt8(ascii: "\\"), digit(byte >> 6), digit(byte >> 3), digit(byte)]
            } else {
                quoted.append(byte)
            }
        }
        return quoted + [UInt8(ascii: "\"")]
    }

    /// Returns what a quoted text stands for, or nil when it is not one complete quoted text.
    package static func unquote(_ bytes: some Collection<UInt8>) -> [UInt8]? {
        var rest = bytes.makeIterator()
        guard rest.next() == UInt8(ascii: "\"") else { return nil }
        var plain: [UInt8] = []
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "\""):
                return rest.next() == nil ? plain : nil
            case UInt8(ascii: "\\"):
                guard let escaped = unescape(&rest) else { return nil }
                plain.append(escaped)
            default:
                plain.append(byte)
            }
        }
        return nil
    }

    /// Returns what a value stands for, whether git quoted it or, with `core.quotePath=false`, did not.
    static func plain(_ bytes: some Collection<UInt8>) -> [UInt8] {
        unquote(bytes) ?? Array(bytes)
    }

    private static func unescape(_ rest: inout some IteratorProtocol<UInt8>) -> UInt8? {
        guard let letter = rest.next() else { return nil }
        if let escape = escapes.first(where: { $0.letter == letter }) {
            return escape.byte
        }
        guard let high = octal(letter), high < 4, let middle = rest.next().flatMap(octal),
            let low = rest.next().flatMap(octal)
        else { return nil }
        return high << 6 | middle << 3 | low
    }

    private static func octal(_ byte: UInt8) -> UInt8? {
        (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) ? byte - UInt8(ascii: "0") : nil
    }

    private static func digit(_ bits: UInt8) -> UInt8 {
        UInt8(ascii: "0") + (bits & 7)
    }
}
