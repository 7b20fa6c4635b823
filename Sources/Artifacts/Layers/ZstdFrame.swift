internal import CZstd

/// One frame of Zstandard (RFC 8878) without a checksum and a size, whose bytes depend on the chunks alone.
final class ZstdFrame: ChunkCompressor {
    static let level = 6
    static let version = "\(ZSTD_VERSION_MAJOR).\(ZSTD_VERSION_MINOR).\(ZSTD_VERSION_RELEASE)"

    private let raw: OpaquePointer
    private var output = [UInt8](repeating: 0, count: ZSTD_CStreamOutSize())

    init() throws {
        guard let raw = ZSTD_createCCtx() else { throw LayerWriteError.outOfMemory }
        self.raw = raw
        try check(ZSTD_CCtx_setParameter(raw, ZSTD_c_compressionLevel, Int32(Self.level)))
    }

    deinit { ZSTD_freeCCtx(raw) }

    func compress(_ chunk: [UInt8], isLast: Bool, to sink: LayerWriter.Sink) throws {
        try chunk.withUnsafeBytes { chunk in
            var input = ZSTD_inBuffer(src: chunk.baseAddress, size: chunk.count, pos: 0)
            var left = 0
            repeat {
                try output.withUnsafeMutableBytes { bytes in
                    var output = ZSTD_outBuffer(dst: bytes.baseAddress, size: bytes.count, pos: 0)
                    left = try check(ZSTD_compressStream2(raw, &output, &input, isLast ? ZSTD_e_end : ZSTD_e_continue))
                    if output.pos > 0 { try sink(UnsafeRawBufferPointer(rebasing: bytes[..<output.pos])) }
                }
            } while input.pos < input.size || (isLast && left > 0)
        }
    }

    @discardableResult
    private func check(_ status: Int) throws -> Int {
        guard ZSTD_isError(status) == 0 else { throw LayerWriteError.outOfMemory }
        return status
    }
}
