/// git's packet lines: four hex digits that count themselves and what follows, or `0000` to flush (gitprotocol-common).
enum PacketLine {
    /// What the next bytes are.
    enum Element: Equatable {
        case line([UInt8])
        case flush
    }

    /// The packet of a text.
    static func packet(_ text: [UInt8]) -> [UInt8] {
        let digits = String(text.count + 4, radix: 16)
        return Array((String(repeating: "0", count: 4 - digits.count) + digits).utf8) + text
    }

    static let flush = Array("0000".utf8)
}

/// Takes packets off a stream of bytes.
struct PacketReader {
    /// The stream does not hold packets.
    struct Malformed: Error {}

    private let read: (_ count: Int) -> [UInt8]

    /// - Parameter read: gives so many bytes, fewer at the end of the stream.
    init(read: @escaping (_ count: Int) -> [UInt8]) {
        self.read = read
    }

    mutating func next() throws(Malformed) -> PacketLine.Element {
        let head = read(4)
        guard head.count == 4, let length = Int(String(decoding: head, as: UTF8.self), radix: 16) else {
            throw Malformed()
        }
        if length == 0 { return .flush }
        guard length >= 4 else { throw Malformed() }
        let line = read(length - 4)
        guard line.count == length - 4 else { throw Malformed() }
        return .line(line.last == UInt8(ascii: "\n") ? line.dropLast() : line)
    }

    /// The lines up to the next flush.
    mutating func section() throws(Malformed) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        while case .line(let line) = try next() { lines.append(line) }
        return lines
    }
}
