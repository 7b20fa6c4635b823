package import Diagnostics
package import GitCore

extension GitError {
    /// The error for people: what to do next depends on what git's object database said.
    package var userError: UserError {
        switch kind {
        case .notARepository:
            UserError(
                .configInvalid, "this folder is not a git repository", hint: "git init, or change into a repository",
                cause: self)
        case .unbornBranch:
            UserError(
                .configInvalid, "there is nothing to push: the branch has no commit yet",
                hint: "git commit, then push again", cause: self)
        case .foreignOwner:
            UserError(
                .configInvalid, "the repository belongs to another user: \(detail)",
                hint: "git config --global --add safe.directory <its path>", cause: self)
        case .unsupportedObjectFormat:
            UserError(
                .configInvalid, "the repository uses SHA-256 object ids, which bim cannot read yet",
                hint: "push from a repository with SHA-1 object ids", cause: self)
        case .unsupportedExtension:
            UserError(
                .configInvalid, "the repository uses an extension that bim cannot read: \(detail)",
                hint: "push from a plain clone", cause: self)
        case .missingObject:
            UserError(
                .buildFailed, "the commit is not complete in this repository: \(detail)",
                hint: "git fetch --refetch, or push from a full clone", cause: self)
        case .noSpace:
            UserError(.quota, "no space is left: \(detail)", hint: "free some space and push again", cause: self)
        case .notFound, .ambiguous, .wrongType, .unsafePath, .invalidConfiguration, .other:
            UserError(.configInvalid, description, hint: "git log shows what there is to push", cause: self)
        }
    }
}
