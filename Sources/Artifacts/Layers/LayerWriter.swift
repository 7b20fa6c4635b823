internal import Glibc

/// Writes planned layers as compressed tar archives (OCI image-spec, layer.md), the same bytes every time.
///
/// Files are 0644 or 0755, links 0777, directories 0755; owner 0; one constant time, or by wish one that follows
/// from the content. Every layer lists each directory
/// above its files once, with the same header in all layers. Memory is flat: about two chunks of 1 MiB.
package struct LayerWriter: Sendable {
    /// Names everything that has influence on the bytes; goes into ``LayerPlan/key(recipe:)``.
    package static let recipe =
        "tar-1+gz-1(libdeflate-\(Compressor.version)/\(Compressor.level))+\(Layering.scheme)"

    /// The folder of the image that holds the app.
    package static let prefix = "app/"

    /// Takes the next bytes of the layer.
    package typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    /// Delivers the content with this id, in any number of pieces.
    package typealias ContentReader = (_ content: String, _ deliver: (UnsafeRawBufferPointer) throws -> Void) throws ->
        Void

    package init() {}

    /// Writes one layer to the sink.
    ///
    /// Throws ``LayerWriteError``, what the reader or the sink throws, and `CancellationError` between two entries.
    package func write(_ plan: LayerPlan, to sink: @escaping Sink, read: ContentReader) throws -> WrittenLayer {
        var stream = try LayerStream(sink: sink)
        var previous: [UInt8] = []
        for entry in plan.entries {
            try Task.checkCancellation()
            try Self.check(entry)
            let path = Array(Self.prefix.utf8) + entry.path
            for directory in directories(of: path) where !previous.starts(with: directory) {
                try stream.write(TarHeader(path: Array(directory), kind: .directory, mode: 0o755).bytes)
            }
            try write(entry, path: path, to: &stream, read: read)
            previous = path
        }
        try stream.write([UInt8](repeating: 0, count: 2 * TarHeader.blockSize))
        return try stream.finish()
    }

    /// Writes one layer to an open file.
    ///
    /// Throws ``SystemError`` when the file cannot take it, and else as ``write(_:to:read:)``.
    package func write(_ plan: LayerPlan, to descriptor: Int32, read: ContentReader) throws -> WrittenLayer {
        try write(plan, to: { try SystemError.writeAll($0, to: descriptor) }, read: read)
    }

    private func write(
        _ entry: LayerPlan.Entry, path: [UInt8], to stream: inout LayerStream, read: ContentReader
    ) throws {
        var count: Int64 = 0
        switch entry.kind {
        case .file(let executable):
            let mode: UInt32 = executable ? 0o755 : 0o644
            try stream.write(
                TarHeader(path: path, kind: .file, mode: mode, size: entry.size, time: entry.time).bytes)
            try read(entry.content) { bytes in
                count += Int64(bytes.count)
                if count <= entry.size { try stream.write(bytes) }
            }
            try check(entry, deliveredSize: count)
            try stream.write(TarHeader.padding(after: entry.size))
        case .symlink:
            var target: [UInt8] = []
            try read(entry.content) { bytes in
                count += Int64(bytes.count)
                if count <= entry.size { target.append(contentsOf: bytes) }
            }
            try check(entry, deliveredSize: count)
            guard !target.isEmpty, !target.contains(0) else { throw LayerWriteError.invalidLink(path: entry.name) }
            try stream.write(TarHeader(path: path, kind: .symlink, mode: 0o777, linkTarget: target).bytes)
        }
    }

    private func check(_ entry: LayerPlan.Entry, deliveredSize count: Int64) throws {
        guard count == entry.size else {
            throw LayerWriteError.sizeMismatch(path: entry.name, expected: entry.size, actual: count)
        }
    }

    /// Throws for a path that no archive should hold.
    static func check(_ entry: LayerPlan.Entry) throws {
        for name in entry.path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if name.isEmpty || name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) || name.contains(0) {
                throw LayerWriteError.invalidPath(entry.name)
            }
            if name.starts(with: Whiteout.prefix) { throw LayerWriteError.reservedName(path: entry.name) }
        }
    }

    /// The directories above the path, the highest first, each with its final `/`.
    private func directories(of path: [UInt8]) -> some Sequence<ArraySlice<UInt8>> {
        path.indices.lazy.filter { path[$0] == UInt8(ascii: "/") }.map { path[...$0] }
    }
}

extension LayerPlan.Entry {
    /// The path for a message.
    var name: String { String(decoding: path, as: UTF8.self) }
}
