/// Takes the bytes of a tar archive and passes them on compressed, in flat memory.
///
/// The bytes are cut into chunks of ``chunkSize``, so that the output depends neither on threads nor on how the input
/// arrived. Both sides are hashed on the way.
struct LayerStream: ~Copyable {
    static let chunkSize = 1 << 20

    private let sink: LayerWriter.Sink
    private let compression: Compression
    private let compressor: any ChunkCompressor
    private var chunk: [UInt8] = []
    private var diffID = DigestWriter()
    private var digest = DigestWriter()
    private var size: Int64 = 0

    init(_ compression: Compression, sink: @escaping LayerWriter.Sink) throws {
        self.sink = sink
        self.compression = compression
        compressor = try compression.start()
        chunk.reserveCapacity(Self.chunkSize)
    }

    mutating func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Self.chunkSize - chunk.count)
            // A slice would be copied byte by byte.
            chunk.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece))
            rest = rest.dropFirst(piece.count)
            if chunk.count == Self.chunkSize { try flush(isLast: false) }
        }
    }

    /// Passes on what is left and describes the layer.
    mutating func finish() throws -> WrittenLayer {
        try flush(isLast: true)
        let descriptor = Descriptor(mediaType: compression.mediaType, digest: digest.finalize(), size: size)
        return WrittenLayer(descriptor: descriptor, diffID: diffID.finalize())
    }

    private mutating func flush(isLast: Bool) throws {
        diffID.update(chunk)
        try compressor.compress(chunk, isLast: isLast) { bytes in
            size += Int64(bytes.count)
            digest.update(bytes)
            try sink(bytes)
        }
        chunk.removeAll(keepingCapacity: true)
    }
}
