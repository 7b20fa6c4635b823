internal import CGit2

/// What a commit says, copied out of the repository.
public struct Commit: Hashable, Sendable {
    /// The commit's own id; of a tag that was given, the id of the commit behind it.
    public let id: ObjectID
    /// The tree of its files.
    public let tree: ObjectID
    /// Its parents in order; none at the boundary of a shallow clone, as git sees it.
    public let parents: [ObjectID]
    /// The first paragraph of its message on one line.
    public let summary: String
    /// The author's name.
    public let authorName: String
    /// The author's mail address.
    public let authorEmail: String
    /// When it was committed, in seconds since 1970 in UTC.
    public let committerTime: Int64
}

extension Repository {
    /// The commit of that id, or the one behind an annotated tag or a chain of them.
    /// - Throws: `.missingObject`; `.wrongType` for trees, blobs and tags of them.
    public func commit(_ id: ObjectID) throws(GitError) -> Commit {
        let commit = try lookUpCommit(id)
        let author = git_commit_author(commit.raw).pointee
        let ownID = ObjectID(git_commit_id(commit.raw).pointee)
        return Commit(
            id: ownID,
            tree: ObjectID(git_commit_tree_id(commit.raw).pointee),
            parents: shallowBoundary().contains(ownID) ? [] : Self.parents(of: commit),
            summary: git_commit_summary(commit.raw).map { String(cString: $0) } ?? "",
            authorName: author.name.map { String(cString: $0) } ?? "",
            authorEmail: author.email.map { String(cString: $0) } ?? "",
            committerTime: git_commit_time(commit.raw))
    }

    func lookUpCommit(_ id: ObjectID) throws(GitError) -> Handle {
        var oid = id.oid
        let object = try Handle(.read, id.hex, free: git_object_free) {
            git_object_lookup(&$0, handle.raw, &oid, GIT_OBJECT_ANY)
        }
        return try Handle(.read, id.hex, free: git_object_free) { git_object_peel(&$0, object.raw, GIT_OBJECT_COMMIT) }
    }

    static func parents(of commit: borrowing Handle) -> [ObjectID] {
        (0..<git_commit_parentcount(commit.raw)).map { ObjectID(git_commit_parent_id(commit.raw, $0).pointee) }
    }
}
