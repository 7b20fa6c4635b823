internal import CArchive
internal import Glibc

/// Unpacks a ZIP of unknown origin into a folder, as ``LayerUnpacker`` does with layers.
package struct ZipUnpacker: Sendable {
    /// How many bytes the files may have together.
    package var maximumBytes: Int64

    package init(maximumBytes: Int64 = 16 << 30) {
        self.maximumBytes = maximumBytes
    }

    /// Unpacks the file, which must be what the descriptor says, below `prefix` in an empty folder.
    ///
    /// Throws ``UnpackError``, ``SystemError`` and `CancellationError`; the folder is empty again then.
    package func unpack(_ file: String, _ descriptor: Descriptor, into path: String, prefix: String = "app") throws {
        try check(file, descriptor)
        // To libarchive a name that is said to be UTF-8 is no name at all in the C locale.
        let locale = newlocale(1 << LC_CTYPE, "C.UTF-8", nil)
        let previous = locale.map { uselocale($0) }
        defer {
            if let previous { _ = uselocale(previous) }
            if let locale { freelocale(locale) }
        }
        let folder = try UnpackFolder.open(path)
        do {
            let reader = try ArchiveReader.open(file: file) { archive_read_support_format_zip_seekable($0) }
            try extract(reader, folder, try EntryPath(Array(prefix.utf8)))
        } catch {
            try? folder.empty()
            throw error
        }
    }

    private func extract(
        _ reader: borrowing ArchiveReader, _ folder: borrowing UnpackFolder, _ prefix: EntryPath
    ) throws {
        let disk = try ArchiveDisk()
        var left = maximumBytes
        while let entry = try reader.next() {
            try Task.checkCancellation()
            guard let text = archive_entry_pathname(entry) else {
                throw UnpackError.damaged("an entry without a name")
            }
            let name = UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
            let own = try EntryPath(name)
            guard !own.isRoot else { continue }
            guard [S_IFREG, S_IFDIR, S_IFLNK].contains(archive_entry_filetype(entry)) else { continue }
            left -= max(0, archive_entry_size(entry))
            guard left >= 0 else { throw UnpackError.tooLarge(limit: maximumBytes) }
            let place = own.names.reduce(prefix) { $0.appending(Array($1)) }
            try folder.prepare(for: place, isDirectory: archive_entry_filetype(entry) == S_IFDIR)
            try disk.make(entry, at: try place.cPath(in: folder.path), linkedTo: nil, from: reader)
        }
        try disk.finish()
    }

    private func check(_ file: String, _ expected: Descriptor) throws {
        let descriptor = try SystemError.check("open", Array(file.utf8)) { open(file, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var digest = DigestWriter()
        var size: Int64 = 0
        while true {
            let count = try SystemError.check("read") { read(descriptor, &buffer, buffer.count) }
            if count == 0 { break }
            size += Int64(count)
            buffer.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        guard size == expected.size else { throw UnpackError.sizeMismatch(expected: expected.size, actual: size) }
        let actual = digest.finalize()
        guard actual == expected.digest else {
            throw UnpackError.digestMismatch(expected: expected.digest, actual: actual)
        }
    }
}
