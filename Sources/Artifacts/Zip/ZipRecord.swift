/// One file's headers in a ZIP (APPNOTE.TXT, 4.3.7 and 4.3.12), and the end of the archive.
struct ZipRecord {
    /// 1980-01-01 00:00:00, the first time that ZIP can say.
    private static let date: UInt16 = 1 << 5 | 1
    private static let unix: UInt16 = 3 << 8
    private static let escape32 = UInt32.max

    private let entry: LayerPlan.Entry
    private let offset: Int64
    var checksum: UInt32 = 0
    var packedSize: Int64
    var isDeflated = false

    init(_ entry: LayerPlan.Entry, offset: Int64) {
        self.entry = entry
        self.offset = offset
        packedSize = entry.size
    }

    /// Bit 11 says that the name is UTF-8.
    private var flags: UInt16 {
        let isPlain = entry.path.allSatisfy { $0 < 0x80 }
        return !isPlain && String(validating: entry.path, as: UTF8.self) != nil ? 1 << 11 : 0
    }

    private var isLarge: Bool { entry.size >= Int64(Self.escape32) }
    private var isFar: Bool { offset >= Int64(Self.escape32) }
    private var version: UInt16 { isLarge || isFar ? 45 : 20 }

    private var attributes: UInt32 {
        let mode: UInt32 =
            switch entry.kind {
            case .file(executable: false): 0o100644
            case .file(executable: true): 0o100755
            case .symlink: 0o120777
            }
        return mode << 16
    }

    private func appendFacts(to bytes: inout [UInt8]) {
        bytes.append(little: flags)
        bytes.append(little: UInt16(isDeflated ? 8 : 0))
        bytes.append(little: UInt16(0))
        bytes.append(little: Self.date)
        bytes.append(little: checksum)
        bytes.append(little: isLarge ? Self.escape32 : UInt32(packedSize))
        bytes.append(little: isLarge ? Self.escape32 : UInt32(entry.size))
        bytes.append(little: UInt16(entry.path.count))
    }

    var localHeader: [UInt8] {
        var extra: [UInt8] = []
        if isLarge { extra = Self.zip64([entry.size, packedSize]) }
        var bytes: [UInt8] = []
        bytes.append(little: UInt32(0x0403_4b50))
        bytes.append(little: version)
        appendFacts(to: &bytes)
        bytes.append(little: UInt16(extra.count))
        return bytes + entry.path + extra
    }

    var centralHeader: [UInt8] {
        let large = (isLarge ? [entry.size, packedSize] : []) + (isFar ? [offset] : [])
        let extra = large.isEmpty ? [] : Self.zip64(large)
        var bytes: [UInt8] = []
        bytes.append(little: UInt32(0x0201_4b50))
        bytes.append(little: Self.unix | version)
        bytes.append(little: version)
        appendFacts(to: &bytes)
        bytes.append(little: UInt16(extra.count))
        bytes.append(little: UInt16(0))
        bytes.append(little: UInt16(0))
        bytes.append(little: UInt16(0))
        bytes.append(little: attributes)
        bytes.append(little: isFar ? Self.escape32 : UInt32(offset))
        return bytes + entry.path + extra
    }

    private static func zip64(_ values: [Int64]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: UInt16(1))
        bytes.append(little: UInt16(values.count * 8))
        for value in values { bytes.append(little: UInt64(value)) }
        return bytes
    }

    /// The end of a central directory; before it, where the numbers do not fit, ZIP64's own end.
    static func end(count: Int, start: Int64, size: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        let isLarge = count >= UInt16.max || start >= Int64(escape32) || size >= Int64(escape32)
        if isLarge {
            bytes.append(little: UInt32(0x0606_4b50))
            bytes.append(little: UInt64(44))
            bytes.append(little: unix | 45)
            bytes.append(little: UInt16(45))
            bytes.append(little: UInt64(0))
            bytes.append(little: UInt64(count))
            bytes.append(little: UInt64(count))
            bytes.append(little: UInt64(size))
            bytes.append(little: UInt64(start))
            bytes.append(little: UInt32(0x0706_4b50))
            bytes.append(little: UInt32(0))
            bytes.append(little: UInt64(start + size))
            bytes.append(little: UInt32(1))
        }
        bytes.append(little: UInt32(0x0605_4b50))
        bytes.append(little: UInt32(0))
        bytes.append(little: UInt16(clamping: count))
        bytes.append(little: UInt16(clamping: count))
        bytes.append(little: UInt32(clamping: size))
        bytes.append(little: UInt32(clamping: start))
        bytes.append(little: UInt16(0))
        return bytes
    }
}

extension [UInt8] {
    fileprivate mutating func append<Number: FixedWidthInteger>(little number: Number) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}
