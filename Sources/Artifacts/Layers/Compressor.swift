internal import CDeflate

/// Makes gzip members (RFC 1952) whose bytes depend on the content alone.
///
/// Owns one libdeflate compressor at ``level``.
struct Compressor: ~Copyable {
    static let level = 6
    static let version = LIBDEFLATE_VERSION_STRING

    private let raw: OpaquePointer
    private var output: [UInt8] = []

    init() throws {
        guard let raw = libdeflate_alloc_compressor(Int32(Self.level)) else { throw LayerWriteError.outOfMemory }
        self.raw = raw
    }

    deinit {
        libdeflate_free_compressor(raw)
    }

    /// Returns the content as one gzip member without name, comment and time, valid until the next call.
    mutating func member(_ content: [UInt8]) throws -> ArraySlice<UInt8> {
        // Magic, deflate, no flags, time 0, no extra flags, unknown system: what would tell one machine from another.
        let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
        let end = try deflate(content, after: header, room: 8).endIndex
        let trailer = [Self.checksum(of: content), UInt32(truncatingIfNeeded: content.count)]
        for index in 0..<8 { output[end + index] = UInt8(truncatingIfNeeded: trailer[index / 4] >> (index % 4 * 8)) }
        return output[..<(end + 8)]
    }

    /// The CRC-32 of the content, as gzip and ZIP want it.
    static func checksum(of content: [UInt8]) -> UInt32 {
        content.withUnsafeBytes { checksum(of: $0, after: 0) }
    }

    /// Goes on with a checksum.
    static func checksum(of content: UnsafeRawBufferPointer, after checksum: UInt32) -> UInt32 {
        libdeflate_crc32(checksum, content.baseAddress, content.count)
    }

    /// Returns the content as one deflate stream (RFC 1951), valid until the next call.
    ///
    /// Something may stand before it, and room be left behind it.
    mutating func deflate(_ content: [UInt8], after header: [UInt8] = [], room: Int = 0) throws -> ArraySlice<UInt8> {
        let bound = header.count + libdeflate_deflate_compress_bound(raw, content.count) + room
        if output.count < bound { output = [UInt8](repeating: 0, count: bound) }
        for index in header.indices { output[index] = header[index] }
        let count = output.withUnsafeMutableBytes { output in
            libdeflate_deflate_compress(
                raw, content, content.count, output.baseAddress.map { $0 + header.count },
                output.count - header.count - room)
        }
        guard count > 0 else { throw LayerWriteError.outOfMemory }
        return output[header.count..<(header.count + count)]
    }
}
