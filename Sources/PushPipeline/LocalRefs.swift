internal import Diagnostics
internal import GitCore

/// What the user's revisions mean: names as they were when the push began, so that a branch that moves during a hook
/// changes nothing. What is no name with `~` or `^` behind it, such as a date or a search, is looked up when it is asked.
struct LocalRefs: Sendable {
    let location: RepositoryLocation
    /// Full ref names and `HEAD`.
    let known: [String: ObjectID]

    /// - Throws: `CONFIG_INVALID` for what names no object.
    func objectID(_ revision: String, in repository: borrowing Repository) throws(UserError) -> ObjectID {
        let name = revision.prefix { $0 != "~" && $0 != "^" }
        let rest = revision[name.endIndex...]
        do {
            guard let id = objectID(ofName: name) else { return try repository.resolve(revision) }
            return rest.isEmpty ? id : try repository.resolve(id.hex + rest)
        } catch {
            throw error.userError
        }
    }

    /// In git's own order (gitrevisions, refname).
    private func objectID(ofName name: Substring) -> ObjectID? {
        for prefix in ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"] {
            if let id = known[prefix + name] { return id }
        }
        return nil
    }
}
