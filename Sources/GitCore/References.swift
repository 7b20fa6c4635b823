internal import CGit2

extension Repository {
    /// Every ref by its full name, and `HEAD`, with the object that it leads to; one that leads nowhere is left out.
    public func references() throws(GitError) -> [String: ObjectID] {
        let iterator = try Handle(.read, gitDirectory, free: git_reference_iterator_free) {
            git_reference_iterator_new(&$0, handle.raw)
        }
        var found: [String: ObjectID] = [:]
        var name: UnsafePointer<CChar>?
        while try gateToEnd({ git_reference_next_name(&name, iterator.raw) }), let name {
            found[String(cString: name)] = objectID(ofReference: name)
        }
        found["HEAD"] = objectID(ofReference: "HEAD")
        return found
    }

    private func objectID(ofReference name: UnsafePointer<CChar>) -> ObjectID? {
        var id = git_oid()
        return git_reference_name_to_id(&id, handle.raw, name) == 0 ? ObjectID(id) : nil
    }

    /// Calls an iterator's step; false when it is at its end.
    private func gateToEnd(_ step: () -> Int32) throws(GitError) -> Bool {
        var isOver = false
        try gate(.read, gitDirectory) {
            let status = step()
            isOver = status == GIT_ITEROVER.rawValue
            return isOver ? 0 : status
        }
        return !isOver
    }
}
