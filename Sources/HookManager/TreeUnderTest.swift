internal import GitCore

/// One tree whose checks are wanted, whatever number of refs or commits it came with.
struct TreeUnderTest: Sendable {
    let tree: ObjectID
    /// The commit to name in messages; nil for what is in the index.
    let commit: Commit?
    /// The branches that it is pushed to; nil when nobody pushes.
    var branches: [String]?
    /// The trees that it takes the place of; empty for a new ref.
    var bases: [ObjectID] = []

    /// What messages call it.
    var name: String { commit?.id.abbreviated() ?? "the index" }

    /// The distinct trees of a push, in its order; what is no commit has nothing to test.
    static func trees(of refs: [PushedRef], in repository: borrowing Repository) throws(GitError) -> [TreeUnderTest] {
        var found: [TreeUnderTest] = []
        var positions: [ObjectID: Int] = [:]
        var isSeen: Set<ObjectID> = []
        var seenBases: [Int: Set<ObjectID>] = [:]
        for ref in refs where !ref.isDeletion {
            // Many refs at one commit cost one look-up, but each brings its branch.
            if !isSeen.insert(ref.new).inserted && ref.branch == nil { continue }
            guard let commit = try repository.commitOrNothing(ref.new) else { continue }
            let position = positions[commit.tree] ?? found.count
            if position == found.count {
                positions[commit.tree] = position
                found.append(TreeUnderTest(tree: commit.tree, commit: commit, branches: []))
            }
            if let branch = ref.branch { found[position].branches?.append(branch) }
            guard !ref.old.isZero, let base = try? repository.commit(ref.old) else { continue }
            if seenBases[position, default: []].insert(base.tree).inserted { found[position].bases.append(base.tree) }
        }
        return found
    }
}

extension Repository {
    /// The commit behind an id; nil for a blob, a tree or a tag of one.
    fileprivate func commitOrNothing(_ id: ObjectID) throws(GitError) -> Commit? {
        do {
            return try commit(id)
        } catch {
            if error.kind == .wrongType { return nil }
            throw error
        }
    }
}
