internal import ProcessRunner
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Reading, making and removing folders without following links.
enum FolderContents {
    /// The names in a folder but `.` and `..`, sorted; empty when it cannot be read.
    static func names(in folder: String) -> [String] {
        ProcFile.names(in: folder).sorted()
    }

    /// Makes a folder and those above it with rights for their owner alone; false when it cannot be written then.
    static func make(_ path: String) -> Bool {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            guard mkdir(made, 0o700) == 0 || access(made, F_OK) == 0 else { return false }
        }
        return access(path, W_OK) == 0
    }

    /// Brings a file's bytes, or a folder's names, to the disk, so that a power cut does not take them back (fsync(2)).
    @discardableResult
    static func synchronize(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }

    /// Brings the folder in which `path` lies to the disk.
    @discardableResult
    static func synchronize(folderOf path: String) -> Bool {
        guard let slash = path.lastIndex(of: "/") else { return false }
        return synchronize(String(path[..<slash]))
    }

    /// Brings everything that was written to the file system of `path` to the disk (syncfs(2)).
    @discardableResult
    static func synchronizeAll(at path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // glibc's headers show it to GNU programs alone, which Swift's import is not.
        typealias SyncFS = @convention(c) (Int32) -> Int32
        guard let symbol = dlsym(nil, "syncfs") else {
            sync()
            return true
        }
        return unsafeBitCast(symbol, to: SyncFS.self)(descriptor) == 0
    }

    /// Removes a file, or a folder with all that is in it; links are removed, never followed.
    static func removeAll(_ path: String) { removeAll(Array(path.utf8CString)) }

    private static func removeAll(_ path: [CChar]) {
        guard let facts = try? Stat(path, followTargetSymlink: false) else { return }
        guard facts.type == .directory else {
            unlink(path)
            return
        }
        // An app may have taken away the rights of a folder of its own.
        chmod(path, 0o700)
        for name in rawNames(in: path) { removeAll(path.dropLast() + [CChar(UInt8(ascii: "/"))] + name) }
        rmdir(path)
    }

    /// Names as C strings: they need not be UTF-8.
    private static func rawNames(in folder: [CChar]) -> [[CChar]] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [[CChar]] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
            }
            let dot = CChar(UInt8(ascii: "."))
            if name != [dot, 0] && name != [dot, dot, 0] { names.append(name) }
        }
        return names
    }
}
