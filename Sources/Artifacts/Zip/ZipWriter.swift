internal import Glibc

/// Writes planned files as one ZIP (APPNOTE.TXT 6.3), the same bytes every time.
///
/// Sorted by the paths' bytes, with Unix modes and symbolic links, one constant time and no directories, which follow
/// from the paths. ZIP64 where sizes, offsets or numbers need it. Memory is flat: files up to ``wholeLimit`` are
/// compressed, larger ones are stored as they are, and read twice, as their checksum stands before them.
package struct ZipWriter: Sendable {
    /// Names everything that has influence on the bytes.
    package static let recipe = "zip-1(libdeflate-\(Compressor.version)/\(Compressor.level))"

    /// Up to this many bytes a file is compressed.
    static let wholeLimit: Int64 = 8 << 20

    package init() {}

    /// Writes the files to the sink and describes the whole.
    ///
    /// Throws ``LayerWriteError``, what the reader or the sink throws, and `CancellationError` between two files.
    package func write(
        _ plan: LayerPlan, to sink: @escaping LayerWriter.Sink, read: LayerWriter.ContentReader
    ) throws -> WrittenLayer {
        var output = ZipOutput(sink: sink)
        var compressor = try Compressor()
        var records: [ZipRecord] = []
        for entry in plan.entries {
            try Task.checkCancellation()
            try LayerWriter.check(entry)
            guard entry.path.count <= UInt16.max else { throw LayerWriteError.invalidPath(entry.name) }
            var record = ZipRecord(entry, offset: output.count)
            if entry.size <= Self.wholeLimit {
                try writeWhole(entry, &record, &compressor, &output, read)
            } else {
                try writeStored(entry, &record, &output, read)
            }
            records.append(record)
        }
        let start = output.count
        for record in records { try output.write(record.centralHeader) }
        try output.write(ZipRecord.end(count: records.count, start: start, size: output.count - start))
        let digest = output.finish()
        return WrittenLayer(
            descriptor: Descriptor(mediaType: MediaType.zip, digest: digest, size: output.count), diffID: digest)
    }

    /// Writes the ZIP to an open file.
    package func write(
        _ plan: LayerPlan, to descriptor: Int32, read: LayerWriter.ContentReader
    ) throws -> WrittenLayer {
        try write(plan, to: { try SystemError.writeAll($0, to: descriptor) }, read: read)
    }

    private func writeWhole(
        _ entry: LayerPlan.Entry, _ record: inout ZipRecord, _ compressor: inout Compressor, _ output: inout ZipOutput,
        _ read: LayerWriter.ContentReader
    ) throws {
        var content: [UInt8] = []
        try read(entry.content) { bytes in
            if Int64(content.count + bytes.count) <= entry.size {
                content.append(contentsOf: bytes)
            } else {
                throw LayerWriteError.sizeMismatch(
                    path: entry.name, expected: entry.size, actual: Int64(content.count + bytes.count))
            }
        }
        guard Int64(content.count) == entry.size else {
            throw LayerWriteError.sizeMismatch(path: entry.name, expected: entry.size, actual: Int64(content.count))
        }
        if entry.kind == .symlink, content.isEmpty || content.contains(0) {
            throw LayerWriteError.invalidLink(path: entry.name)
        }
        record.checksum = Compressor.checksum(of: content)
        let packed = try compressor.deflate(content)
        if packed.count < content.count, entry.kind != .symlink {
            record.isDeflated = true
            record.packedSize = Int64(packed.count)
            try output.write(record.localHeader)
            try output.write(packed)
        } else {
            try output.write(record.localHeader)
            try output.write(content[...])
        }
    }

    private func writeStored(
        _ entry: LayerPlan.Entry, _ record: inout ZipRecord, _ output: inout ZipOutput,
        _ read: LayerWriter.ContentReader
    ) throws {
        var checksum: UInt32 = 0
        try read(entry.content) { checksum = Compressor.checksum(of: $0, after: checksum) }
        record.checksum = checksum
        try output.write(record.localHeader)
        var count: Int64 = 0
        try read(entry.content) { bytes in
            count += Int64(bytes.count)
            if count <= entry.size { try output.write(bytes) }
        }
        guard count == entry.size else {
            throw LayerWriteError.sizeMismatch(path: entry.name, expected: entry.size, actual: count)
        }
    }
}

/// Counts and hashes what passes.
private struct ZipOutput {
    let sink: LayerWriter.Sink
    private(set) var count: Int64 = 0
    private var digest = DigestWriter()

    init(sink: @escaping LayerWriter.Sink) {
        self.sink = sink
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        digest.update(bytes)
        count += Int64(bytes.count)
        try sink(bytes)
    }

    mutating func write(_ bytes: ArraySlice<UInt8>) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }

    mutating func write(_ bytes: [UInt8]) throws {
        try write(bytes[...])
    }

    func finish() -> Digest { digest.finalize() }
}
