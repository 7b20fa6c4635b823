internal import Artifacts

#if canImport(Glibc)
    internal import Glibc
#endif

/// What the folders of the user's cache have in common: files that appear whole, and a limit.
enum CacheFolder {
    /// `$XDG_CACHE_HOME/bim/<name>` of the user whom the environment describes.
    static func path(_ name: String, environment: [String: String]) -> String {
        let own = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (own ?? (environment["HOME"] ?? "/nonexistent") + "/.cache") + "/bim/\(name)"
    }

    /// Makes a folder and those above it, for this user alone.
    static func make(_ folder: String) throws(LayerCache.Failure) {
        var made = ""
        for part in folder.split(separator: "/") {
            made += "/" + part
            guard mkdir(made, 0o700) == 0 || errno == EEXIST || access(made, F_OK) == 0 else {
                throw LayerCache.Failure(path: folder, errorNumber: errno)
            }
        }
    }

    /// Writes a file through `write`, which gets an open descriptor and may tell the final path, so that it appears
    /// whole.
    static func store(in folder: String, write: (Int32) throws -> String) throws {
        let partial = PartialFile.path(in: folder)
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LayerCache.Failure(path: partial, errorNumber: errno) }
        defer {
            close(descriptor)
            unlink(partial)
        }
        let path = try write(descriptor)
        guard rename(partial, path) == 0 else { throw LayerCache.Failure(path: path, errorNumber: errno) }
    }

    /// Removes the files that were not used for longest until the rest fits the limit, and what a kill left half made.
    static func prune(_ folder: String, limit: Int64) {
        guard let stream = opendir(folder) else { return }
        var files: [(path: String, size: Int64, used: Int)] = []
        while let item = readdir(stream) {
            let name = withUnsafeBytes(of: item.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            var facts = stat()
            guard stat("\(folder)/\(name)", &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { continue }
            if PartialFile.isPartial(name) {
                if PartialFile.isAbandoned(name) { unlink("\(folder)/\(name)") }
            } else {
                files.append(("\(folder)/\(name)", Int64(facts.st_size), facts.st_mtim.tv_sec))
            }
        }
        closedir(stream)
        var total = files.reduce(0) { $0 + $1.size }
        for file in files.sorted(by: { $0.used < $1.used }) where total > limit {
            unlink(file.path)
            total -= file.size
        }
    }
}
