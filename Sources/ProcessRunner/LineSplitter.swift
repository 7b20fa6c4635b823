/// Bytes in, lines out: each piece ends at a line feed or at 16 KiB, whichever comes first.
///
/// A carriage return before the line feed is dropped; bytes that are no UTF-8 become U+FFFD. Of a line that is too long
/// the first 16 KiB are kept, so that a program cannot fill the memory of its reader.
package struct LineSplitter: Sendable {
    /// The most bytes of one line that are kept.
    package static let limit = 16 * 1024

    private var partial: [UInt8] = []
    private var hasPartial = false

    package init() {}

    /// Takes the next bytes and returns the lines that they complete.
    package mutating func receive(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            keep(rest[..<end])
            lines.append(take())
            rest = rest[(end + 1)...]
        }
        if !rest.isEmpty { keep(rest) }
        return lines
    }

    /// Returns the last line when it has no line feed.
    package mutating func finish() -> String? {
        hasPartial ? take() : nil
    }

    private mutating func keep(_ bytes: ArraySlice<UInt8>) {
        partial += bytes.prefix(Self.limit - partial.count)
        hasPartial = true
    }

    private mutating func take() -> String {
        if partial.last == UInt8(ascii: "\r") { partial.removeLast() }
        defer {
            partial.removeAll(keepingCapacity: true)
            hasPartial = false
        }
        return String(decoding: partial, as: UTF8.self)
    }
}
