internal import CGit2

extension Repository {
    /// Resolves a revision, in any syntax of gitrevisions that names one object, to the object's id.
    ///
    /// - Throws: `.notFound` also for what cannot be parsed, `.ambiguous` for a short id of several objects,
    ///   `.unbornBranch` when the revision speaks of a `HEAD` without a commit.
    public func resolve(_ revision: String) throws(GitError) -> ObjectID {
        guard !revision.isEmpty, !revision.utf8.contains(0) else {
            throw GitError(.notFound, .resolve, "'\(revision)': it is not a revision")
        }
        do {
            let object = try Handle(.resolve, revision, free: git_object_free) {
                git_revparse_single(&$0, handle.raw, revision)
            }
            return ObjectID(git_object_id(object.raw).pointee)
        } catch {
            guard error.kind == .notFound, let branch = unbornBranch(namedBy: revision) else { throw error }
            throw GitError(.unbornBranch, .resolve, "'\(revision)': '\(branch)' has no commit yet")
        }
    }

    private func unbornBranch(namedBy revision: String) -> String? {
        guard git_repository_head_unborn(handle.raw) == 1, let branch = try? branchNameOfHead() else { return nil }
        let base = revision.prefix { !"~^@:".contains($0) }
        let short = branch.hasPrefix("refs/heads/") ? branch.dropFirst("refs/heads/".count) : branch[...]
        let isHead = base == "HEAD" || base == short || base == branch || base.isEmpty && revision.hasPrefix("@")
        return isHead ? branch : nil
    }

    /// The full name of the branch that `HEAD` is on, such as `refs/heads/main`, also before its first commit.
    ///
    /// - Returns: nil when `HEAD` is detached.
    public func branchNameOfHead() throws(GitError) -> String? {
        let head = try Handle(.readHead, gitDirectory, free: git_reference_free) {
            git_reference_lookup(&$0, handle.raw, "HEAD")
        }
        return git_reference_symbolic_target(head.raw).map { String(cString: $0) }
    }
}
