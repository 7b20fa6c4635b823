internal import PlatformAPI
internal import ProcessRunner

#if canImport(Glibc)
    internal import Glibc
#endif

/// Histories that a push from a shallow clone has cut off (gitrepository-layout(5), `shallow`).
extension GitRepositories {
    /// Whether some commit is here without its parents.
    func isShallow(_ app: AppID) -> Bool { !boundaries(in: shallowFile(of: app)).isEmpty }

    /// Joins histories again that git has cut off though the parents are here: clones are whole then, and ancestry can
    /// be told.
    ///
    /// Whatever is in a repository came with all that it needs down to its own boundaries, so that a parent that is here
    /// has its history too.
    func mendShallow(_ app: AppID) async throws {
        let boundaries = boundaries(in: shallowFile(of: app))
        if boundaries.isEmpty { return }
        let parents = try await parents(of: boundaries, in: app)
        let missing = try await missing(Set(parents.values.joined()).sorted(), in: app)
        let joined = boundaries.filter { commit in parents[commit].map { missing.isDisjoint(with: $0) } ?? false }
        if !joined.isEmpty { try removeBoundaries(Set(joined), of: app) }
    }

    private func shallowFile(of app: AppID) -> String { path(of: app) + "/shallow" }

    private func boundaries(in file: String) -> [String] {
        ProcFile.read(file).map { String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init) } ?? []
    }

    /// The parents that the commits themselves name, whatever git has cut off.
    private func parents(of commits: [String], in app: AppID) async throws -> [String: [String]] {
        var parents: [String: [String]] = [:]
        for commit in commits {
            let answer = try await run(["-C", path(of: app), "cat-file", "commit", commit])
            guard answer.status.isSuccess else { continue }
            parents[commit] = answer.text.split(separator: "\n", omittingEmptySubsequences: false)
                .prefix { !$0.isEmpty }
                .filter { $0.hasPrefix("parent ") }.map { String($0.dropFirst("parent ".count)) }
        }
        return parents
    }

    /// Those of the commits that are not here.
    private func missing(_ commits: [String], in app: AppID) async throws -> Set<String> {
        let arguments = ["-C", path(of: app), "cat-file", "--batch-check=%(objectname)"]
        let answer = try await run(arguments, input: Array(commits.map { $0 + "\n" }.joined().utf8))
        guard answer.status.isSuccess else { throw GitFailed(arguments: arguments, errorText: answer.errorText) }
        return Set(commits).subtracting(answer.text.split(separator: "\n").map(String.init))
    }

    /// Takes boundaries away under git's own lock; when git holds it, the next push finds them still there.
    private func removeBoundaries(_ joined: Set<String>, of app: AppID) throws {
        let file = shallowFile(of: app)
        let lock = file + ".lock"
        let descriptor = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { return }
        // Read again: a push may have added some before the lock was ours.
        let left = boundaries(in: file).filter { !joined.contains($0) }
        let bytes = Array(left.map { $0 + "\n" }.joined().utf8)
        let isWritten = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        // git knows a whole repository by the file's absence.
        guard isWritten, (left.isEmpty ? unlink(file) : rename(lock, file)) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(lock)
            throw GitFailed(arguments: ["shallow"], errorText: reason)
        }
        if left.isEmpty { unlink(lock) }
    }
}
