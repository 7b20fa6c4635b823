internal import CArchive
internal import Glibc

/// Unpacks the layers of an image into a folder, as a runtime sees them stacked (OCI image-spec, layer.md).
///
/// Layers are of unknown origin: nothing is written outside the folder, owners and set-user-id bits are not taken over,
/// device nodes, sockets and pipes are left out. An entry below a symbolic link is refused rather than redirected.
package struct LayerUnpacker: Sendable {
    /// A layer file and what the image says about it.
    package struct Layer: Hashable, Sendable {
        /// The path of the file: a tar archive, plain or compressed with gzip or zstd.
        package var file: String
        package var descriptor: Descriptor
        package var diffID: Digest

        package init(file: String, descriptor: Descriptor, diffID: Digest) {
            self.file = file
            self.descriptor = descriptor
            self.diffID = diffID
        }
    }

    /// How many bytes all layers together may have, decompressed; sparse files count in full.
    package var maximumBytes: Int64

    package init(maximumBytes: Int64 = 16 << 30) {
        self.maximumBytes = maximumBytes
    }

    /// Unpacks the layers, the lowest first, into an empty folder.
    ///
    /// Throws ``UnpackError``, ``SystemError``, and `CancellationError` between two entries. The folder is empty again
    /// then, and stays the caller's to remove. Digests are verified while reading: until this returns, what lies in the
    /// folder is not to be trusted.
    package func unpack(_ layers: [Layer], into path: String) throws {
        let folder = try UnpackFolder.open(path)
        let stream = Budget(limit: maximumBytes)
        let files = Budget(limit: maximumBytes)
        do {
            for layer in layers {
                let input = try LayerInput(layer) { try stream.spend($0) }
                do {
                    try extract(input.archive(), into: folder, files: files)
                    try input.verify()
                } catch let error as UnpackError {
                    // A file that is not the promised one says more than the trouble it makes.
                    if case .damaged = error { try input.verifyFile() }
                    throw error
                }
            }
        } catch {
            try? folder.empty()
            throw error
        }
    }

    private func extract(_ input: ArchiveInput, into folder: borrowing UnpackFolder, files: Budget) throws {
        let reader = try ArchiveReader.open(input) { archive_read_support_format_tar($0) }
        let disk = try ArchiveDisk()
        var made: Set<EntryPath> = []
        while let entry = try reader.next() {
            try Task.checkCancellation()
            let path = try Self.path(archive_entry_pathname(entry))
            if path.isRoot { continue }
            if let whiteout = try Whiteout(path.last) {
                try apply(whiteout, in: path.parent, of: folder, keeping: made)
                continue
            }
            guard let target = try Self.target(of: entry, in: folder) else { continue }
            try files.spend(archive_entry_size(entry))
            let place = try path.cPath(in: folder.path)
            try folder.prepare(for: path, isDirectory: archive_entry_filetype(entry) == S_IFDIR)
            try disk.make(entry, at: place, linkedTo: target.hardLink, from: reader)
            var kept = path
            while !kept.isRoot, made.insert(kept).inserted { kept = kept.parent }
        }
        try disk.finish()
    }

    private func apply(
        _ whiteout: Whiteout, in directory: EntryPath, of folder: borrowing UnpackFolder, keeping made: Set<EntryPath>
    ) throws {
        switch whiteout {
        case .name(let name): try folder.hide(directory.appending(name), keeping: made)
        case .opaque: try folder.hideContents(of: directory, keeping: made)
        case .ignored: break
        }
    }

    /// Says what an entry is made from: a hard link's target in the folder, or its own data.
    private enum Source {
        case data
        case link([CChar])

        var hardLink: [CChar]? {
            if case .link(let path) = self { path } else { nil }
        }
    }

    /// Returns nil for what is left out: all but files, directories and links.
    private static func target(of entry: OpaquePointer, in folder: borrowing UnpackFolder) throws -> Source? {
        if let link = archive_entry_hardlink(entry) {
            let path = try self.path(link)
            guard try !path.isRoot && folder.isFile(path) else { throw UnpackError.unsafePath(path.description) }
            return .link(try path.cPath(in: folder.path))
        }
        return [S_IFREG, S_IFDIR, S_IFLNK].contains(archive_entry_filetype(entry)) ? .data : nil
    }

    private static func path(_ text: UnsafePointer<CChar>?) throws -> EntryPath {
        guard let text else { throw UnpackError.damaged("an entry without a name") }
        return try EntryPath(UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) })
    }
}

/// Counts bytes against a limit.
private final class Budget {
    private let limit: Int64
    private var spent: Int64 = 0

    init(limit: Int64) {
        self.limit = limit
    }

    func spend(_ bytes: Int64) throws {
        guard bytes <= limit - spent else { throw UnpackError.tooLarge(limit: limit) }
        spent += max(0, bytes)
    }
}
