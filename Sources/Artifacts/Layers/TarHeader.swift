/// One entry's header in a tar archive: a POSIX ustar block, after a pax extended header when ustar cannot say it.
///
/// Follows IEEE Std 1003.1, pax. All owners are 0 without names; the time is ``TarHeader/time``
/// unless another is given.
struct TarHeader {
    /// 1980-01-01T00:00:01Z, which ZIP can say too.
    static let time: Int64 = 315_532_801
    static let blockSize = 512

    /// What follows the header.
    enum Kind: UInt8 {
        case file = 0x30
        case symlink = 0x32
        case directory = 0x35
        case pax = 0x78
    }

    var path: [UInt8]
    var kind: Kind
    var mode: UInt32
    var size: Int64 = 0
    var linkTarget: [UInt8] = []
    var time = TarHeader.time

    /// The header as whole blocks.
    var bytes: [UInt8] {
        let records = paxRecords
        guard !records.isEmpty else { return ustarBlock }
        let pax = TarHeader(path: Array("././@PaxHeader".utf8), kind: .pax, mode: 0o644, size: Int64(records.count))
        return pax.ustarBlock + records + Self.padding(after: Int64(records.count)) + ustarBlock
    }

    /// The zero bytes that fill the last block after so many bytes.
    static func padding(after size: Int64) -> [UInt8] {
        [UInt8](repeating: 0, count: Int((512 - size % 512) % 512))
    }

    // MARK: ustar

    private static let nameLimit = 100
    private static let prefixLimit = 155
    private static let sizeLimit: Int64 = 1 << 33

    private var ustarBlock: [UInt8] {
        let (prefix, name) = ustarPath ?? ([], substitute(path))
        let link = fitsLink ? linkTarget : substitute(linkTarget)
        return [UInt8](unsafeUninitializedCapacity: Self.blockSize) { buffer, count in
            buffer.initialize(repeating: 0)
            count = Self.blockSize
            buffer.put(name, at: 0)
            buffer.put(octal: Int64(mode), digits: 7, at: 100)
            buffer.put(octal: 0, digits: 7, at: 108)
            buffer.put(octal: 0, digits: 7, at: 116)
            buffer.put(octal: size < Self.sizeLimit ? size : 0, digits: 11, at: 124)
            buffer.put(octal: time, digits: 11, at: 136)
            buffer[148..<156].update(repeating: UInt8(ascii: " "))
            buffer[156] = kind.rawValue
            buffer.put(link, at: 157)
            buffer.put(Self.magic, at: 257)
            buffer.put(octal: 0, digits: 7, at: 329)
            buffer.put(octal: 0, digits: 7, at: 337)
            buffer.put(prefix, at: 345)
            var sum: Int64 = 0
            for byte in buffer { sum += Int64(byte) }
            buffer.put(octal: sum, digits: 6, at: 148)
            buffer[154] = 0
        }
    }

    private static let magic = Array("ustar\u{0}00".utf8)

    /// The path as ustar's prefix and name; nil when it does not fit or is not ASCII.
    private var ustarPath: (prefix: [UInt8], name: [UInt8])? {
        guard path.allSatisfy({ $0 < 0x80 }) else { return nil }
        if path.count <= Self.nameLimit { return ([], path) }
        let end = kind == .directory ? path.count - 1 : path.count
        let slash = path[..<end].indices.first { index in
            path[index] == UInt8(ascii: "/") && path.count - index - 1 <= Self.nameLimit
        }
        guard let slash, slash > 0, slash <= Self.prefixLimit else { return nil }
        return (Array(path[..<slash]), Array(path[(slash + 1)...]))
    }

    private var fitsLink: Bool {
        linkTarget.count <= Self.nameLimit && linkTarget.allSatisfy { $0 < 0x80 }
    }

    /// What a reader that knows no pax sees.
    private func substitute(_ text: [UInt8]) -> [UInt8] {
        text.prefix(Self.nameLimit).map { $0 < 0x80 ? $0 : UInt8(ascii: "_") }
    }

    // MARK: pax

    private var paxRecords: [UInt8] {
        var records: [UInt8] = []
        let longPath = ustarPath == nil
        if longPath && !path.isUTF8 || !fitsLink && !linkTarget.isUTF8 {
            records += Self.record("hdrcharset", Array("BINARY".utf8))
        }
        if !fitsLink { records += Self.record("linkpath", linkTarget) }
        if longPath { records += Self.record("path", path) }
        if size >= Self.sizeLimit { records += Self.record("size", Array(String(size).utf8)) }
        return records
    }

    /// `<length> <key>=<value>` and a newline, where the length counts its own digits.
    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
        var length = rest.count
        while rest.count + String(length).utf8.count != length {
            length = rest.count + String(length).utf8.count
        }
        return Array(String(length).utf8) + rest
    }
}

extension [UInt8] {
    fileprivate var isUTF8: Bool { String(validating: self, as: UTF8.self) != nil }
}

extension UnsafeMutableBufferPointer<UInt8> {
    fileprivate func put(_ field: [UInt8], at offset: Int) {
        for index in field.indices { self[offset + index] = field[index] }
    }

    /// Writes so many octal digits; a NUL stands behind them already.
    fileprivate func put(octal value: Int64, digits: Int, at offset: Int) {
        var rest = value
        for index in stride(from: digits - 1, through: 0, by: -1) {
            self[offset + index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest & 7)
            rest >>= 3
        }
    }
}
