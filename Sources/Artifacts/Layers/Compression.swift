/// How the layers of an image are compressed.
package enum Compression: String, Sendable, CaseIterable {
    /// What every runtime and tool reads.
    case gzip
    /// Smaller and read faster; Docker before 23 and some tools cannot.
    case zstd

    var mediaType: String {
        switch self {
        case .gzip: MediaType.layerGzip
        case .zstd: MediaType.layerZstd
        }
    }

    /// Names all that has influence on the compressed bytes.
    var recipe: String {
        switch self {
        case .gzip: "gz-1(libdeflate-\(Compressor.version)/\(Compressor.level))"
        case .zstd: "zst-1(libzstd-\(ZstdFrame.version)/\(ZstdFrame.level))"
        }
    }

    func start() throws -> any ChunkCompressor {
        switch self {
        case .gzip: try GzipMembers()
        case .zstd: try ZstdFrame()
        }
    }
}

/// Compresses one stream, chunk by chunk; the bytes depend on the chunks alone.
protocol ChunkCompressor: AnyObject {
    /// Passes on what is ready after one more chunk; with the last, which may be empty, all that is left.
    func compress(_ chunk: [UInt8], isLast: Bool, to sink: LayerWriter.Sink) throws
}

/// A gzip member for each chunk.
private final class GzipMembers: ChunkCompressor {
    private var compressor: Compressor

    init() throws { compressor = try Compressor() }

    func compress(_ chunk: [UInt8], isLast: Bool, to sink: LayerWriter.Sink) throws {
        guard !chunk.isEmpty else { return }
        try compressor.member(chunk).withUnsafeBytes { try sink($0) }
    }
}
