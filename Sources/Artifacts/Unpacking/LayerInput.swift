internal import CArchive
internal import Glibc

/// Reads a layer file, decompresses it and hashes both sides on the way.
///
/// gzip and zstd are recognised by their first bytes; anything else passes as it is.
final class LayerInput {
    private let layer: LayerUnpacker.Layer
    private let file: CompressedFile
    private let budget: (Int64) throws -> Void
    private var content: DecompressedStream?

    /// Opens the file; `budget` is called with the size of each piece of the tar archive before it is handed out.
    init(_ layer: LayerUnpacker.Layer, budget: @escaping (Int64) throws -> Void) throws {
        self.layer = layer
        self.budget = budget
        file = try CompressedFile(layer.file)
        guard file.size == layer.descriptor.size else {
            throw UnpackError.sizeMismatch(expected: layer.descriptor.size, actual: file.size)
        }
    }

    /// Returns the tar archive, once.
    func archive() throws -> ArchiveInput {
        let content = try DecompressedStream(file, budget: budget)
        self.content = content
        return ArchiveInput { try content.next() }
    }

    /// Reads the rest of the file and compares its digest.
    func verifyFile() throws {
        let expected = layer.descriptor.digest
        let actual = try file.digest()
        guard actual == expected else { throw UnpackError.digestMismatch(expected: expected, actual: actual) }
    }

    /// Reads what the tar reader left, then holds both digests against what they should be.
    func verify() throws {
        let diffID = try content?.digest()
        try verifyFile()
        guard let diffID, diffID == layer.diffID else {
            throw UnpackError.diffIDMismatch(expected: layer.diffID, actual: diffID ?? .sha256(of: []))
        }
    }
}

/// An open layer file and the digest of what was read of it.
private final class CompressedFile {
    let size: Int64
    private let descriptor: Int32
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 16)
    private var hash = DigestWriter()

    init(_ path: String) throws {
        descriptor = try SystemError.check("open", Array(path.utf8)) { open(path, O_RDONLY | O_CLOEXEC) }
        var status = stat()
        size = fstat(descriptor, &status) == 0 ? Int64(status.st_size) : -1
    }

    deinit {
        close(descriptor)
        buffer.deallocate()
    }

    func next() throws -> UnsafeRawBufferPointer {
        let count = try SystemError.check("read") { read(descriptor, buffer.baseAddress, buffer.count) }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        hash.update(bytes)
        return bytes
    }

    /// Reads to the end and returns the digest of the whole.
    func digest() throws -> Digest {
        while try !next().isEmpty {}
        return hash.finalize()
    }
}

/// The content of a compressed file and the digest of what was read of it.
private final class DecompressedStream {
    private var hash = DigestWriter()
    private let reader: ArchiveReader
    private let budget: (Int64) throws -> Void
    private var ended = false

    init(_ file: CompressedFile, budget: @escaping (Int64) throws -> Void) throws {
        self.budget = budget
        reader = try ArchiveReader.open(ArchiveInput { try file.next() }) { raw in
            archive_read_support_filter_gzip(raw)
            archive_read_support_filter_zstd(raw)
            archive_read_support_format_raw(raw)
        }
        _ = try reader.next()
    }

    func next() throws -> UnsafeRawBufferPointer {
        guard !ended, let block = try reader.nextBlock() else {
            ended = true
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        try budget(Int64(block.bytes.count))
        hash.update(block.bytes)
        return block.bytes
    }

    /// Reads to the end and returns the digest of the whole.
    func digest() throws -> Digest {
        while try !next().isEmpty {}
        return hash.finalize()
    }
}
