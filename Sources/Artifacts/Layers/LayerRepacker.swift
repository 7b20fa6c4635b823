internal import CArchive

/// Takes a layer that another tool has packed, and packs it as bim does: the same content has the same digest whichever
/// tool made it.
package struct LayerRepacker: Sendable {
    private let compression: Compression

    package init(_ compression: Compression = .gzip) {
        self.compression = compression
    }

    /// Reads a tar archive, plain or compressed with gzip or zstd, and writes it compressed to an open file.
    ///
    /// Throws ``UnpackError`` for a damaged file, ``SystemError``, and `CancellationError`.
    package func repack(_ file: String, to descriptor: Int32) throws -> WrittenLayer {
        let reader = try ArchiveReader.open(file: file) { raw in
            archive_read_support_filter_gzip(raw)
            archive_read_support_filter_zstd(raw)
            archive_read_support_format_raw(raw)
        }
        var stream = try LayerStream(compression) { try SystemError.writeAll($0, to: descriptor) }
        _ = try reader.next()
        while let block = try reader.nextBlock() {
            try Task.checkCancellation()
            try stream.write(block.bytes)
        }
        return try stream.finish()
    }
}
