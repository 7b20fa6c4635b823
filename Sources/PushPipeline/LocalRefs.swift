internal import Diagnostics
internal import GitCore

/// What the user's revisions mean: refs as they were when the push began, so that a branch that moves during a hook
/// changes nothing.
struct LocalRefs: Sendable {
    let location: RepositoryLocation
    /// Full ref names and `HEAD`.
    let known: [String: ObjectID]

    /// - Throws: `CONFIG_INVALID` for what names no object.
    func objectID(_ revision: String, in repository: borrowing Repository) throws(UserError) -> ObjectID {
        if let id = known[revision] { return id }
        do { return try repository.resolve(revision) } catch { throw error.userError }
    }
}
