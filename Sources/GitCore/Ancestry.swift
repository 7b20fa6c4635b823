internal import CGit2

extension Repository {
    /// Whether `ancestor` is reachable from `descendant`; a commit is its own ancestor, tags stand for their commits.
    ///
    /// The boundary of a shallow clone counts as the beginning of history: `false` then means “not known here”.
    /// - Throws: `.missingObject` when one of the two, or history that is not cut off by the boundary, is absent.
    public func isAncestor(_ ancestor: ObjectID, of descendant: ObjectID) throws(GitError) -> Bool {
        let boundary = shallowBoundary()
        var walk = AncestryWalk()
        let goal = try historyEntry(ancestor, boundary)
        let tip = try historyEntry(descendant, boundary)
        if goal.id == tip.id { return true }
        walk.add(goal, .ofAncestor)
        walk.add(tip, .ofDescendant)
        while let (entry, side) = walk.next() {
            for parent in entry.parents {
                if parent == goal.id && side.contains(.ofDescendant) { return true }
                if walk.needs(parent, side) { walk.add(try historyEntry(parent, boundary), side) }
            }
        }
        return false
    }

    /// How many commits each of two histories has that the other has not, as `git rev-list --left-right --count` tells.
    public func commitsApart(_ one: ObjectID, _ other: ObjectID) throws(GitError) -> (one: Int, other: Int) {
        var (first, second) = (one.oid, other.oid)
        var (ahead, behind) = (0, 0)
        try gate(.compare, one.hex) { git_graph_ahead_behind(&ahead, &behind, handle.raw, &first, &second) }
        return (ahead, behind)
    }

    private func historyEntry(_ id: ObjectID, _ boundary: Set<ObjectID>) throws(GitError) -> AncestryWalk.Entry {
        let commit = try lookUpCommit(id)
        let ownID = ObjectID(git_commit_id(commit.raw).pointee)
        let parents = boundary.contains(ownID) ? [] : Self.parents(of: commit)
        return AncestryWalk.Entry(id: ownID, time: git_commit_time(commit.raw), parents: parents)
    }
}

/// Walks two histories at once, newest commit first, until what is left belongs to both.
///
/// Ends early on diverged branches and stays exact when clocks were wrong: a commit on the way to the ancestor
/// cannot itself be reachable from the ancestor, so such a way is never cut short.
struct AncestryWalk {
    struct Entry {
        let id: ObjectID
        let time: Int64
        let parents: [ObjectID]
    }

    /// From where a commit has been reached.
    struct Side: OptionSet {
        let rawValue: UInt8
        static let ofAncestor = Side(rawValue: 1)
        static let ofDescendant = Side(rawValue: 2)
        static let both: Side = [.ofAncestor, .ofDescendant]
    }

    private var sides: [ObjectID: Side] = [:]
    private var queue: [Entry] = []  // oldest first
    private var queued: Set<ObjectID> = []
    private var undecided = 0

    /// Whether reaching the commit from this side is news.
    func needs(_ id: ObjectID, _ side: Side) -> Bool {
        !(sides[id] ?? []).isSuperset(of: side)
    }

    mutating func add(_ entry: Entry, _ side: Side) {
        let old = sides[entry.id] ?? []
        let new = old.union(side)
        sides[entry.id] = new
        if queued.insert(entry.id).inserted {
            queue.insert(entry, at: position(of: entry.time))
            if new != .both { undecided += 1 }
        } else if old != .both && new == .both {
            undecided -= 1
        }
    }

    mutating func next() -> (Entry, Side)? {
        guard undecided > 0, let entry = queue.popLast() else { return nil }
        queued.remove(entry.id)
        let side = sides[entry.id] ?? []
        if side != .both { undecided -= 1 }
        return (entry, side)
    }

    private func position(of time: Int64) -> Int {
        var (low, high) = (0, queue.count)
        while low < high {
            let middle = (low + high) / 2
            if queue[middle].time < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
