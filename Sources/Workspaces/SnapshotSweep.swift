internal import GitCore
internal import Glibc

/// Puts a snapshot folder right after a run that may have changed it: every tracked file as in the tree, and of the
/// others only the caches.
///
/// A file whose status changed after `since` is compared with its blob; nobody can set that time back. No link is
/// followed.
package struct SnapshotSweep {
    let since: timespec
    let caches: CacheFolders

    /// - Returns: whether the folder now holds the tree; false when more is missing than single files.
    func run(_ folder: String, tree: ObjectID, in repository: borrowing Repository) throws(GitError) -> Bool {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        return try sweep(descriptor, path: [], entries: try repository.entries(ofTree: tree), repository)
    }

    /// Removes a folder with all that is in it.
    package static func remove(_ folder: String) -> Bool {
        remove(AT_FDCWD, Array(folder.utf8))
    }

    /// Takes over the descriptor.
    private func sweep(
        _ folder: Int32, path: [UInt8], entries: [TreeEntry], _ repository: borrowing Repository
    ) throws(GitError) -> Bool {
        defer { close(folder) }
        var wanted = Dictionary(entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var isWhole = true
        for name in Self.names(folder) {
            let inner = path.isEmpty ? name : path + [UInt8(ascii: "/")] + name
            if let entry = wanted.removeValue(forKey: name) {
                isWhole = try check(entry, in: folder, path: inner, repository) && isWhole
            } else {
                isWhole = try clear(name, in: folder, path: inner, repository) && isWhole
            }
        }
        for missing in wanted.values {
            isWhole = try restore(missing, in: folder, repository) && isWhole
        }
        return isWhole
    }

    private func check(
        _ entry: TreeEntry, in folder: Int32, path: [UInt8], _ repository: borrowing Repository
    ) throws(GitError) -> Bool {
        var status = stat()
        guard entry.name.withName({ fstatat(folder, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else { return false }
        let kind = status.st_mode & S_IFMT
        switch entry.mode {
        case .directory, .gitlink:
            guard kind == S_IFDIR, let inner = Self.openFolder(entry.name, in: folder) else { return false }
            let entries = entry.mode == .gitlink ? [] : try repository.entries(ofTree: entry.id)
            return try sweep(inner, path: path, entries: entries, repository)
        case .file, .executable:
            let isAsWritten = kind == S_IFREG && status.st_ctim < since
            // Written out, as the operator's closure forgets the type of the error.
            if isAsWritten { return true }
            return try restore(entry, in: folder, repository)
        case .symlink: return kind == S_IFLNK && status.st_ctim < since
        }
    }

    private func clear(
        _ name: [UInt8], in folder: Int32, path: [UInt8], _ repository: borrowing Repository
    ) throws(GitError) -> Bool {
        guard let inner = Self.openFolder(name, in: folder) else { return Self.remove(folder, name) }
        switch caches.verdict(name: name, path: path) {
        case .keep:
            close(inner)
            return true
        case .lookInside: return try sweep(inner, path: path, entries: [], repository)
        case .remove:
            close(inner)
            return Self.remove(folder, name)
        }
    }

    /// Writes a file anew unless it has the blob's bytes and rights; false for what is no file.
    private func restore(
        _ entry: TreeEntry, in folder: Int32, _ repository: borrowing Repository
    ) throws(GitError) -> Bool {
        guard entry.mode == .file || entry.mode == .executable else { return false }
        let rights: mode_t = entry.mode == .executable ? 0o755 : 0o644
        do {
            return try repository.withBlob(entry.id) { bytes in
                if Self.holds(entry.name, in: folder, bytes, rights) { return true }
                guard Self.remove(folder, entry.name) else { return false }
                return Self.write(entry.name, in: folder, bytes, rights)
            }
        } catch let error as GitError {
            throw error
        } catch {
            return false
        }
    }

    private static func holds(_ name: [UInt8], in folder: Int32, _ bytes: UnsafeRawBufferPointer, _ rights: mode_t)
        -> Bool
    {
        let file = name.withName { openat(folder, $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard file >= 0 else { return false }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == bytes.count,
            status.st_mode & 0o7777 == rights
        else { return false }
        let content = [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, count in
            while count < bytes.count {
                let step = read(file, buffer.baseAddress.map { $0 + count }, bytes.count - count)
                if step <= 0 { break }
                count += step
            }
        }
        return content.elementsEqual(bytes)
    }

    private static func write(_ name: [UInt8], in folder: Int32, _ bytes: UnsafeRawBufferPointer, _ rights: mode_t)
        -> Bool
    {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = name.withName { openat(folder, $0, flags, 0o600) }
        guard file >= 0 else { return false }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return fchmod(file, rights) == 0
    }
}

extension SnapshotSweep {
    private static func openFolder(_ name: [UInt8], in folder: Int32) -> Int32? {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        var opened = name.withName { openat(folder, $0, flags) }
        if opened < 0 && errno == EACCES {
            // Some tools take the write or read right from what they cache.
            _ = name.withName { fchmodat(folder, $0, 0o700, 0) }
            opened = name.withName { openat(folder, $0, flags) }
        }
        return opened < 0 ? nil : opened
    }

    private static func remove(_ folder: Int32, _ name: [UInt8]) -> Bool {
        guard let inner = openFolder(name, in: folder) else {
            return name.withName { unlinkat(folder, $0, 0) } == 0 || errno == ENOENT
        }
        fchmod(inner, 0o700)
        for child in names(inner) { _ = remove(inner, child) }
        close(inner)
        return name.withName { unlinkat(folder, $0, AT_REMOVEDIR) } == 0
    }

    private static func names(_ folder: Int32) -> [[UInt8]] {
        let copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else { return [] }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != Array(".".utf8) && name != Array("..".utf8) { names.append(name) }
        }
        return names
    }
}

extension [UInt8] {
    /// Lends the bytes as a C string.
    fileprivate func withName<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
        (map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
            // The array ends in a zero, so it has a first element.
            body(buffer.baseAddress!)
        }
    }
}
