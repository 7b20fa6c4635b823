// libarchive's headers bring `struct stat` too, and only one of the two modules is said to define it.
internal import CArchive
internal import Glibc

/// The folder that layers are unpacked into: every step below it is taken name by name and never through a link.
struct UnpackFolder: ~Copyable {
    /// The absolute path without symbolic links.
    let path: [UInt8]
    private let root: Int32

    private init(path: [UInt8], root: Int32) {
        self.path = path
        self.root = root
    }

    /// Opens a folder; throws ``UnpackError/folderNotEmpty(_:)`` when it holds something.
    static func open(_ path: String) throws -> UnpackFolder {
        guard let resolved = realpath(path, nil) else {
            throw SystemError(call: "realpath", path: path, errno: errno)
        }
        defer { free(resolved) }
        let bytes = UnsafeBufferPointer(start: resolved, count: strlen(resolved)).map { UInt8(bitPattern: $0) }
        let root = try SystemError.check("open", bytes) {
            Glibc.open(resolved, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        let folder = UnpackFolder(path: bytes == [UInt8(ascii: "/")] ? [] : bytes, root: root)
        guard try names(in: root).isEmpty else { throw UnpackError.folderNotEmpty(path) }
        return folder
    }

    deinit {
        close(root)
    }

    /// Makes the directories above the path that are missing, and removes what is in the entry's way.
    ///
    /// A directory is in the way of everything but a directory.
    func prepare(for path: EntryPath, isDirectory: Bool) throws {
        try withDirectory(path.parent, create: true) { parent in
            guard let type = try Self.type(of: path.last, in: parent) else { return }
            if !(isDirectory && type == S_IFDIR) { try Self.remove(path.last, type: type, in: parent) }
        }
    }

    /// Removes what is at the path but for the paths to keep and what leads to them.
    func hide(_ path: EntryPath, keeping kept: Set<EntryPath>) throws {
        guard !path.isRoot else { return try hideContents(of: path, keeping: kept) }
        if kept.contains(path) { return try hideContents(of: path, keeping: kept) }
        try withDirectory(path.parent, create: false) { parent in
            guard let type = try Self.type(of: path.last, in: parent) else { return }
            try Self.remove(path.last, type: type, in: parent)
        }
    }

    /// Removes what the directory holds but for the paths to keep; nothing when it is no directory.
    func hideContents(of path: EntryPath, keeping kept: Set<EntryPath>) throws {
        var names: [[UInt8]] = []
        if !path.isRoot {
            var isDirectory = false
            try withDirectory(path.parent, create: false) { parent in
                isDirectory = try Self.type(of: path.last, in: parent) == S_IFDIR
            }
            guard isDirectory else { return }
        }
        try withDirectory(path, create: false) { names = try Self.names(in: $0) }
        for name in names { try hide(path.appending(name), keeping: kept) }
    }

    /// Tells whether a file that is neither a directory nor a link lies at the path; throws for a link on the way.
    func isFile(_ path: EntryPath) throws -> Bool {
        var result = false
        try withDirectory(path.parent, create: false) { parent in
            result = try Self.type(of: path.last, in: parent) == S_IFREG
        }
        return result
    }

    /// Removes everything in the folder.
    func empty() throws {
        for name in try Self.names(in: root) {
            if let type = try Self.type(of: name, in: root) { try Self.remove(name, type: type, in: root) }
        }
    }

    /// Calls the body with the open directory; not at all when it is missing and not to be made.
    private func withDirectory(_ path: EntryPath, create: Bool, _ body: (Int32) throws -> Void) throws {
        var directory = try SystemError.check("dup", nil) { fcntl(root, F_DUPFD_CLOEXEC, 0) }
        defer { close(directory) }
        for name in path.names {
            if create { try Self.makeDirectory(name, in: directory) }
            let type = try Self.type(of: name, in: directory)
            if type == nil { return }
            if type == S_IFLNK { throw UnpackError.throughSymlink(path.description) }
            let next = try Self.openDirectory(name, in: directory)
            close(directory)
            directory = next
        }
        try body(directory)
    }
}

// MARK: One directory

extension UnpackFolder {
    /// The `S_IF…` bits of what has this name; nil when nothing has.
    private static func type(of name: [UInt8], in directory: Int32) throws -> mode_t? {
        var status = stat()
        do {
            try SystemError.check("lstat", name) {
                fstatat(directory, cString(name), &status, AT_SYMLINK_NOFOLLOW)
            }
        } catch let error as SystemError where error.errno == ENOENT {
            return nil
        }
        return status.st_mode & S_IFMT
    }

    private static func makeDirectory(_ name: [UInt8], in directory: Int32) throws {
        guard try type(of: name, in: directory) == nil else { return }
        try SystemError.check("mkdir", name) { mkdirat(directory, cString(name), 0o755) }
        // The caller's umask must not show in the result.
        let made = try openDirectory(name, in: directory)
        defer { close(made) }
        try SystemError.check("chmod", name) { fchmod(made, 0o755) }
    }

    private static func openDirectory(_ name: [UInt8], in directory: Int32) throws -> Int32 {
        try SystemError.check("open", name) {
            openat(directory, cString(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        }
    }

    private static func remove(_ name: [UInt8], type: mode_t, in directory: Int32) throws {
        guard type == S_IFDIR else {
            try SystemError.check("unlink", name) { unlinkat(directory, cString(name), 0) }
            return
        }
        let child = try openDirectory(name, in: directory)
        defer { close(child) }
        for inner in try names(in: child) {
            if let type = try Self.type(of: inner, in: child) { try remove(inner, type: type, in: child) }
        }
        try SystemError.check("rmdir", name) { unlinkat(directory, cString(name), AT_REMOVEDIR) }
    }

    private static func names(in directory: Int32) throws -> [[UInt8]] {
        let copy = try SystemError.check("open", nil) {
            openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard let stream = fdopendir(copy) else {
            close(copy)
            throw SystemError(call: "opendir", errno: errno)
        }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) { names.append(name) }
        }
        return names
    }

    private static func cString(_ name: [UInt8]) -> [CChar] {
        name.map { CChar(bitPattern: $0) } + [0]
    }
}
