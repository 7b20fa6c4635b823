internal import CArchive
internal import Glibc

/// Owns one libarchive writer that makes entries in a folder, for the length of one layer.
///
/// Modes are taken without set-user-id and set-group-id bits and times are kept; owners, ACLs, attributes and flags
/// are not.
struct ArchiveDisk: ~Copyable {
    private let raw: OpaquePointer

    init() throws {
        guard let raw = archive_write_disk_new() else { throw UnpackError.damaged("out of memory") }
        self.raw = raw
        // Absolute paths are what libarchive is given here: the folder's and, below it, a path that was checked.
        archive_write_disk_set_options(
            raw,
            ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_SYMLINKS
                | ARCHIVE_EXTRACT_SECURE_NODOTDOT)
    }

    deinit {
        archive_write_free(raw)
    }

    /// Makes the entry and fills it from the reader.
    func make(_ entry: OpaquePointer, at path: [CChar], linkedTo target: [CChar]?, from reader: borrowing ArchiveReader)
        throws
    {
        archive_entry_copy_pathname(entry, path)
        let isDirectory = archive_entry_filetype(entry) == S_IFDIR
        // The owner keeps the right to enter and to remove what was unpacked.
        archive_entry_set_perm(
            entry, archive_entry_perm(entry) & (isDirectory ? 0o1777 : 0o777) | (isDirectory ? 0o700 : 0))
        if let target {
            archive_entry_copy_hardlink(entry, target)
            archive_entry_set_size(entry, 0)
        }
        try check(archive_write_header(raw, entry))
        if target == nil {
            while let block = try reader.nextBlock() {
                let count = archive_write_data_block(raw, block.bytes.baseAddress, block.bytes.count, block.offset)
                try check(Int32(clamping: min(count, 0)))
            }
        }
        try check(archive_write_finish_entry(raw))
    }

    /// Sets the modes and times of directories.
    func finish() throws {
        try check(archive_write_close(raw))
    }

    private func check(_ status: Int32) throws {
        guard status >= ARCHIVE_WARN else { throw UnpackError.damaged(archiveMessage(raw)) }
    }
}
