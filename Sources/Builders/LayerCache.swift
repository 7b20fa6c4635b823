package import Artifacts

#if canImport(Glibc)
    internal import Glibc
#endif

/// Finished layers in the user's cache folder, found by what they are made from.
///
/// Four kinds of file: a layer under its digest, under its key the descriptor, under a build's key the layers of the
/// whole, and for a repository what its folders weigh. Each appears whole, so that parallel builds share the folder; deleting any of it at any time costs a build
/// and nothing else.
package struct LayerCache: Sendable {
    /// A layer that was made; its file may be gone.
    package struct Entry: Codable, Hashable, Sendable {
        package let descriptor: Descriptor
        package let diffID: Digest
    }

    /// Why the cache cannot be used.
    package struct Failure: Error, CustomStringConvertible {
        package let path: String
        package let errorNumber: Int32

        package var description: String { "\(path): \(String(cString: strerror(errorNumber)))" }
        package var isNoSpace: Bool { errorNumber == ENOSPC || errorNumber == EDQUOT }
    }

    /// A key that names another layer than is made from it: the cache was tampered with or damaged.
    package struct Untrue: Error, CustomStringConvertible {
        package let key: Digest

        package var description: String { "the cache was wrong about the layer \(key); push with -o no-cache" }
    }

    /// Beyond this many bytes the layers that were not used for longest go.
    package static let defaultLimit: Int64 = 4 << 30

    package let folder: String
    private let limit: Int64

    /// The cache of the user whom the environment describes, in `$XDG_CACHE_HOME/bim/layers`.
    package init(environment: [String: String], limit: Int64 = defaultLimit) throws(Failure) {
        self.limit = limit
        folder = Self.folder(environment)
        var made = ""
        for part in folder.split(separator: "/") {
            made += "/" + part
            guard mkdir(made, 0o700) == 0 || errno == EEXIST || access(made, F_OK) == 0 else {
                throw Failure(path: folder, errorNumber: errno)
            }
        }
    }

    /// Where the weights of a repository's folders are kept.
    func memoPath(ofRepository folder: String) -> String {
        "\(self.folder)/\(Digest.sha256(of: Array(folder.utf8)).hex).trees"
    }

    /// The file of a layer.
    package func path(of digest: Digest) -> String { "\(folder)/\(digest.hex).layer" }

    private func keyPath(_ key: Digest) -> String { "\(folder)/\(key.hex).key" }

    /// The cache of a user as it is, for who only looks: a folder that is not there is not made.
    ///
    /// - Returns: nil where there is none.
    package init?(existingIn environment: [String: String]) {
        limit = Self.defaultLimit
        folder = Self.folder(environment)
        if access(folder, R_OK) != 0 { return nil }
    }

    private static func folder(_ environment: [String: String]) -> String {
        let own = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (own ?? (environment["HOME"] ?? "/nonexistent") + "/.cache") + "/bim/layers"
    }

    /// The layer that was made from what `key` names, without taking note that it is used.
    func knownEntry(for key: Digest) -> Entry? {
        Self.read(keyPath(key)).flatMap { try? CanonicalJSON.decode(Entry.self, from: $0) }
    }

    /// The layer that was made from what `key` names.
    package func entry(for key: Digest) -> Entry? {
        guard let entry = knownEntry(for: key) else { return nil }
        // The time of the last use decides what goes first.
        utimes(keyPath(key), nil)
        utimes(path(of: entry.descriptor.digest), nil)
        return entry
    }

    /// Whether the layer's file is at hand and whole.
    package func hasFile(_ entry: Entry) -> Bool {
        var facts = stat()
        return stat(path(of: entry.descriptor.digest), &facts) == 0
            && Int64(facts.st_size) == entry.descriptor.size
    }

    /// What a build came to.
    func record(for key: Digest) -> BuildRecord? {
        let path = "\(folder)/\(key.hex).build"
        guard let text = Self.read(path), let record = try? CanonicalJSON.decode(BuildRecord.self, from: text) else {
            return nil
        }
        utimes(path, nil)
        for layer in record.layers { utimes(self.path(of: layer.entry.descriptor.digest), nil) }
        return record
    }

    /// Keeps what a build came to.
    func store(_ record: BuildRecord, for key: Digest) throws {
        try Self.replace("\(folder)/\(key.hex).build", with: try CanonicalJSON.encode(record))
    }

    /// Makes a layer's file through `write`, which gets an open descriptor, and enters it under `key`.
    package func store(_ key: Digest, write: (Int32) throws -> WrittenLayer) throws -> Entry {
        let partial = PartialFile.path(in: folder)
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(path: partial, errorNumber: errno) }
        defer {
            close(descriptor)
            unlink(partial)
        }
        let written = try write(descriptor)
        let entry = Entry(descriptor: written.descriptor, diffID: written.diffID)
        guard rename(partial, path(of: written.descriptor.digest)) == 0 else {
            throw Failure(path: partial, errorNumber: errno)
        }
        try Self.replace(keyPath(key), with: try CanonicalJSON.encode(entry))
        return entry
    }

    /// Puts a file in the place of another, whole.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        let partial = PartialFile.path(in: String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)))
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(path: partial, errorNumber: errno) }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, rename(partial, path) == 0 else {
            let failure = Failure(path: path, errorNumber: errno)
            unlink(partial)
            throw failure
        }
    }

    static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_size <= 16 << 20 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(facts.st_size))
        return Glibc.read(descriptor, &bytes, bytes.count) == bytes.count ? bytes : nil
    }

    /// Removes the layers that were not used for longest until the rest fits the limit, and what a kill left half made.
    package func prune() { CacheFolder.prune(folder, limit: limit) }
}
