internal import Glibc

/// Writes planned layers as compressed tar archives (OCI image-spec, layer.md), the same bytes every time.
///
/// Files are 0644 or 0755, links 0777, directories 0755; owner 0; one constant time, or by wish one that follows
/// from the content. Every layer lists each directory
/// above its files once, with the same header in all layers. Memory is flat: about two chunks of 1 MiB, and a few MiB
/// more for zstd.
package struct LayerWriter: Sendable {
    /// Names everything that has influence on the bytes; goes into ``LayerOutline/key(recipe:)``.
    package var recipe: String { "tar-1+\(compression.recipe)+\(Layering.scheme)" }

    /// The folder of the image that holds the app.
    package static let prefix = "app/"

    /// Takes the next bytes of the layer.
    package typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    /// Delivers the content with this id, in any number of pieces.
    package typealias ContentReader = (_ content: String, _ deliver: (UnsafeRawBufferPointer) throws -> Void) throws ->
        Void

    package let compression: Compression

    package init(_ compression: Compression = .gzip) {
        self.compression = compression
    }

    /// Writes one layer to the sink.
    ///
    /// Throws ``LayerWriteError``, what the reader or the sink throws, and `CancellationError` between two entries.
    package func write(_ plan: LayerPlan, to sink: @escaping Sink, read: ContentReader) throws -> WrittenLayer {
        var stream = try LayerStream(compression, sink: sink)
        let prefix = Array(Self.prefix.utf8)
        var previous: [UInt8] = []
        for entry in plan.entries {
            try Task.checkCancellation()
            try Self.check(entry)
            let path = prefix + entry.path
            for end in Self.newDirectories(of: path, after: previous) {
                try stream.write(TarHeader(path: Array(path[...end]), kind: .directory, mode: 0o755).bytes)
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
        let path = entry.path
        var start = 0
        for index in 0...path.count where index == path.count || path[index] == UInt8(ascii: "/") {
            let count = index - start
            let isDots = count <= 2 && path[start..<index].allSatisfy { $0 == UInt8(ascii: ".") }
            if isDots || path[start..<index].contains(0) { throw LayerWriteError.invalidPath(entry.name) }
            if path[start] == UInt8(ascii: "."), path[start..<index].starts(with: Whiteout.prefix) {
                throw LayerWriteError.reservedName(path: entry.name)
            }
            start = index + 1
        }
    }

    /// Where the directories above the path end that are not above the path before it, the highest first.
    private static func newDirectories(of path: [UInt8], after previous: [UInt8]) -> [Int] {
        var shared = 0
        while shared < path.count, shared < previous.count, path[shared] == previous[shared] { shared += 1 }
        return (shared..<max(shared, path.count)).filter { path[$0] == UInt8(ascii: "/") }
    }
}

extension LayerPlan.Entry {
    /// The path for a message.
    var name: String { String(decoding: path, as: UTF8.self) }
}
