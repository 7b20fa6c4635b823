package import Artifacts

#if canImport(Glibc)
    internal import Glibc
#endif

/// Finished layers in the user's cache folder, found by what they are made from.
///
/// Two files make an entry: the layer under its digest, and under its key the descriptor. Each appears whole, so that
/// parallel builds share the folder; deleting any of it at any time costs a build and nothing else.
package struct LayerCache: Sendable {
    /// A layer that is at hand.
    package struct Entry: Codable, Sendable {
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

    /// Beyond this many bytes the layers that were not used for longest go.
    private static let limit: Int64 = 4 << 30

    package let folder: String

    /// The cache of the user whom the environment describes, in `$XDG_CACHE_HOME/bim/layers`.
    package init(environment: [String: String]) throws(Failure) {
        let own = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        folder = (own ?? (environment["HOME"] ?? "/nonexistent") + "/.cache") + "/bim/layers"
        var made = ""
        for part in folder.split(separator: "/") {
            made += "/" + part
            guard mkdir(made, 0o700) == 0 || errno == EEXIST || access(made, F_OK) == 0 else {
                throw Failure(path: folder, errorNumber: errno)
            }
        }
    }

    /// The file of a layer.
    package func path(of digest: Digest) -> String { "\(folder)/\(digest.hex).layer" }

    private func keyPath(_ key: Digest) -> String { "\(folder)/\(key.hex).key" }

    /// The layer that was made from what `key` names, if its file is whole.
    package func entry(for key: Digest) -> Entry? {
        guard let text = Self.read(keyPath(key)), let entry = try? CanonicalJSON.decode(Entry.self, from: text) else {
            return nil
        }
        var facts = stat()
        let path = path(of: entry.descriptor.digest)
        guard stat(path, &facts) == 0, Int64(facts.st_size) == entry.descriptor.size else { return nil }
        // The time of the last use decides what goes first.
        utimes(path, nil)
        return entry
    }

    /// Makes a layer's file through `write`, which gets an open descriptor, and enters it under `key`.
    package func store(_ key: Digest, write: (Int32) throws -> WrittenLayer) throws -> Entry {
        let partial = partialPath()
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
        try replace(keyPath(key), with: try CanonicalJSON.encode(entry))
        return entry
    }

    private func replace(_ path: String, with bytes: [UInt8]) throws {
        let partial = partialPath()
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(path: partial, errorNumber: errno) }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, rename(partial, path) == 0 else {
            let failure = Failure(path: path, errorNumber: errno)
            unlink(partial)
            throw failure
        }
    }

    /// A name that tells whose file it is, so that what a killed process left can be removed.
    private func partialPath() -> String { "\(folder)/partial-\(getpid())-\(UInt64.random(in: .min ... .max))" }

    /// Whether the process that made a partial file is gone.
    private static func isAbandoned(_ name: String) -> Bool {
        let parts = name.split(separator: "-")
        guard parts.count == 3, let owner = pid_t(parts[1]) else { return true }
        return kill(owner, 0) != 0 && errno == ESRCH
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : Array(bytes[..<count])
    }

    /// Removes the layers that were not used for longest until the rest fits the limit, and what a kill left half made.
    package func prune() {
        guard let stream = opendir(folder) else { return }
        var files: [(path: String, size: Int64, used: Int)] = []
        while let item = readdir(stream) {
            let name = withUnsafeBytes(of: item.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            var facts = stat()
            guard stat("\(folder)/\(name)", &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { continue }
            if name.hasPrefix("partial-") {
                if Self.isAbandoned(name) { unlink("\(folder)/\(name)") }
            } else {
                files.append(("\(folder)/\(name)", Int64(facts.st_size), facts.st_mtim.tv_sec))
            }
        }
        closedir(stream)
        var total = files.reduce(0) { $0 + $1.size }
        for file in files.sorted(by: { $0.used < $1.used }) where total > Self.limit {
            unlink(file.path)
            total -= file.size
        }
    }
}
