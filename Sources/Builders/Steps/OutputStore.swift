internal import Artifacts

#if canImport(Glibc)
    internal import Glibc
#endif

/// What steps made, in the user's cache folder: contents by their digests, and by a step's key what it made of them.
///
/// Each file appears whole; deleting any of it at any time costs a step and nothing else.
package struct OutputStore: Sendable {
    /// Beyond this many bytes what was not used for longest goes.
    package static let defaultLimit: Int64 = 8 << 30

    let folder: String
    private let limit: Int64

    /// The store of the user whom the environment describes, in `$XDG_CACHE_HOME/bim/steps`.
    package init(environment: [String: String], limit: Int64 = defaultLimit) throws(LayerCache.Failure) {
        folder = CacheFolder.path("steps", environment: environment)
        self.limit = limit
        try CacheFolder.make(folder)
    }

    private func path(_ content: String) -> String { "\(folder)/\(content).content" }
    private func recordPath(_ key: Digest) -> String { "\(folder)/\(key.hex).step" }

    /// What the step of this key made; nil when that, or a content of it, is not there.
    func output(for key: Digest) -> StepOutput? {
        guard let bytes = try? readFile(recordPath(key)),
            let output = try? CanonicalJSON.decode(StepOutput.self, from: bytes)
        else { return nil }
        for file in output.files {
            var facts = stat()
            let path = path(file.digest.hex)
            guard stat(path, &facts) == 0, Int64(facts.st_size) == file.size else { return nil }
            utimes(path, nil)
        }
        utimes(recordPath(key), nil)
        return output
    }

    /// Remembers what the step of this key made.
    func store(_ output: StepOutput, for key: Digest) throws {
        let bytes = try CanonicalJSON.encode(output)
        try CacheFolder.store(in: folder) { descriptor in
            try bytes.withUnsafeBytes { try SystemError.writeAll($0, to: descriptor) }
            return recordPath(key)
        }
    }

    func prune() { CacheFolder.prune(folder, limit: limit) }

    /// Takes a file's content in.
    func add(file: String) throws -> (digest: Digest, size: Int64) {
        var answer: (digest: Digest, size: Int64)?
        try CacheFolder.store(in: folder) { descriptor in
            var hash = DigestWriter()
            var size: Int64 = 0
            try Self.read(file) { bytes in
                hash.update(bytes)
                size += Int64(bytes.count)
                try SystemError.writeAll(bytes, to: descriptor)
            }
            let digest = hash.finalize()
            answer = (digest, size)
            return path(digest.hex)
        }
        guard let answer else { throw SystemError(call: "read", path: file, errno: EIO) }
        return answer
    }

    /// Takes the target of a link in.
    func add(text: [UInt8]) throws -> (digest: Digest, size: Int64) {
        let digest = Digest.sha256(of: text)
        try CacheFolder.store(in: folder) { descriptor in
            try text.withUnsafeBytes { try SystemError.writeAll($0, to: descriptor) }
            return path(digest.hex)
        }
        return (digest, Int64(text.count))
    }

    /// Whether a content's id is of this store: blobs of git have shorter ones.
    static func isContent(_ id: String) -> Bool { id.utf8.count == 64 }

    /// Delivers a content; false for what is none of this store's.
    func read(_ content: String, _ deliver: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
        guard Self.isContent(content) else { return false }
        try Self.read(path(content), deliver)
        return true
    }

    /// Writes an output's files into a folder that the steps before it have left as they did when it was made.
    func restore(_ output: StepOutput, to folder: String) throws {
        for path in output.removed where try makeFolders(above: path, in: folder, replacesLinks: false) {
            unlink("\(folder)/\(path)")
        }
        for file in output.files {
            let target = "\(folder)/\(file.path)"
            _ = try makeFolders(above: file.path, in: folder, replacesLinks: true)
            unlink(target)
            if file.kind == .link {
                let text = String(decoding: try readFile(path(file.digest.hex)), as: UTF8.self)
                guard symlink(text, target) == 0 else { throw SystemError(call: "symlink", path: target, errno: errno) }
                continue
            }
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
            let descriptor = open(target, flags, file.kind == .executable ? 0o755 : 0o644)
            guard descriptor >= 0 else { throw SystemError(call: "open", path: target, errno: errno) }
            defer { close(descriptor) }
            try Self.read(path(file.digest.hex)) { try SystemError.writeAll($0, to: descriptor) }
        }
    }

    /// Makes the folders above a path. A commit may have put a link there, which would lead out of the folder.
    ///
    /// - Returns: false when a link is in the way and stays.
    private func makeFolders(above path: String, in folder: String, replacesLinks: Bool) throws -> Bool {
        var made = folder
        for name in path.split(separator: "/").dropLast() {
            made += "/\(name)"
            var facts = stat()
            if lstat(made, &facts) == 0, facts.st_mode & S_IFMT != S_IFDIR {
                guard replacesLinks else { return false }
                unlink(made)
            }
            if mkdir(made, 0o755) != 0, errno != EEXIST { throw SystemError(call: "mkdir", path: made, errno: errno) }
        }
        return true
    }

    private func readFile(_ path: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try Self.read(path) { bytes += $0 }
        return bytes
    }

    static func read(_ path: String, _ deliver: (UnsafeRawBufferPointer) throws -> Void) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw SystemError(call: "open", path: path, errno: errno) }
        defer { close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try SystemError.check("read") { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
            if count == 0 { return }
            try deliver(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
