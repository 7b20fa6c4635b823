internal import Glibc

/// Owns the descriptor of one folder of a snapshot; everything is written relative to it, and no link is followed.
struct SnapshotFolder: ~Copyable {
    private let descriptor: Int32
    /// Where the folder is, seen from the snapshot's root, for messages and the limit of a path's length.
    private let path: [UInt8]

    deinit { close(descriptor) }

    private init(descriptor: Int32, path: [UInt8]) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Makes the root of a snapshot with no rights for others, or takes the folder that is there.
    init(root: String) throws(GitError) {
        if mkdir(root, 0o700) != 0 && errno != EEXIST { throw Self.failure(root, errno) }
        let opened = Glibc.open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if opened < 0 { throw Self.failure(root, errno) }
        self.init(descriptor: opened, path: Array(root.utf8))
    }

    /// Opens a folder that is there; nil when there is none, whatever else has the name.
    func subfolder(_ name: [UInt8]) throws(GitError) -> SnapshotFolder? {
        let opened = withCName(name) { openat(descriptor, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        if opened >= 0 { return SnapshotFolder(descriptor: opened, path: child(name)) }
        if [ENOENT, ENOTDIR, ELOOP].contains(errno) { return nil }
        throw failure(name, errno)
    }

    /// Makes a folder where nothing is.
    func makeSubfolder(_ name: [UInt8]) throws(GitError) -> SnapshotFolder {
        // A tree may be nested without end; a path that no program could name is not written.
        guard child(name).count < Int(PATH_MAX) else { throw failure(name, ENAMETOOLONG) }
        try check(name) { mkdirat(descriptor, $0, 0o755) }
        guard let made = try subfolder(name) else { throw failure(name, ENOTDIR) }
        if fchmod(made.descriptor, 0o755) != 0 { throw failure(name, errno) }
        return made
    }

    /// Writes a file where nothing is; its rights do not depend on the umask.
    func writeFile(_ name: [UInt8], _ bytes: UnsafeRawBufferPointer, isExecutable: Bool) throws(GitError) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = withCName(name) { openat(descriptor, $0, flags, 0o600) }
        if file < 0 { throw failure(name, errno) }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw failure(name, errno) }
            rest = rest.dropFirst(count)
        }
        if fchmod(file, isExecutable ? 0o755 : 0o644) != 0 { throw failure(name, errno) }
    }

    /// Makes a symbolic link where nothing is; the target is not looked at.
    func writeLink(_ name: [UInt8], to target: [UInt8]) throws(GitError) {
        guard !target.isEmpty, !target.contains(0) else { throw unsafe(name, "its target is no path") }
        try check(name) { name in withCName(target) { symlinkat($0, descriptor, name) } }
    }

    /// Removes a file or link; a folder of that name, or nothing, is left as it is.
    func removeFile(_ name: [UInt8]) throws(GitError) {
        try check(name, unless: [ENOENT, EISDIR]) { unlinkat(descriptor, $0, 0) }
    }

    /// Removes a folder when it is empty.
    func removeEmptySubfolder(_ name: [UInt8]) throws(GitError) {
        try check(name, unless: [ENOENT, ENOTDIR, ENOTEMPTY, EEXIST]) { unlinkat(descriptor, $0, AT_REMOVEDIR) }
    }

    /// Removes whatever has the name, with all that is in it.
    func clear(_ name: [UInt8]) throws(GitError) {
        if let folder = try subfolder(name) {
            for inner in try folder.names() { try folder.clear(inner) }
            try check(name) { unlinkat(descriptor, $0, AT_REMOVEDIR) }
        } else {
            try check(name, unless: [ENOENT]) { unlinkat(descriptor, $0, 0) }
        }
    }

    private func names() throws(GitError) -> [[UInt8]] {
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else { throw failure([], errno) }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != Array(".".utf8) && name != Array("..".utf8) { names.append(name) }
        }
        return names
    }
}

extension SnapshotFolder {
    /// The error for a name that must not be written.
    func unsafe(_ name: [UInt8], _ reason: String) -> GitError {
        GitError(.unsafePath, .snapshot, "'\(String(decoding: child(name), as: UTF8.self))': \(reason)")
    }

    private func failure(_ name: [UInt8], _ code: Int32) -> GitError {
        Self.failure(String(decoding: child(name), as: UTF8.self), code)
    }

    private static func failure(_ path: String, _ code: Int32) -> GitError {
        GitError(kind(ofErrno: code), .snapshot, "'\(path)': \(String(cString: strerror(code)))")
    }

    /// What an errno means for a snapshot: a name that is taken, linked or too long is the tree's fault.
    static func kind(ofErrno code: Int32) -> GitError.Kind {
        switch code {
        case ENOSPC, EDQUOT: .noSpace
        case EEXIST, ELOOP, ENOTDIR, ENAMETOOLONG: .unsafePath
        default: .other
        }
    }

    private func check(
        _ name: [UInt8], unless ignored: Set<Int32> = [], _ call: (UnsafePointer<CChar>) -> Int32
    ) throws(GitError) {
        if withCName(name, call) != 0 && !ignored.contains(errno) { throw failure(name, errno) }
    }

    private func child(_ name: [UInt8]) -> [UInt8] { path + [UInt8(ascii: "/")] + name }
}

private func withCName<R>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> R) -> R {
    (name.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
        // The array ends in a zero, so it has a first element.
        body(buffer.baseAddress!)
    }
}
