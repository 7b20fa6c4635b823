internal import Diagnostics
internal import GitCore

extension GitError {
    /// The error as a person who pushes or commits can act on it.
    var hookError: UserError {
        switch kind {
        case .notARepository:
            UserError(
                .configInvalid, "this folder is not a git repository", hint: "change into a repository", cause: self)
        case .unbornBranch, .notFound, .ambiguous:
            UserError(.configInvalid, description, hint: "git log shows which commits there are", cause: self)
        case .missingObject:
            UserError(
                .configInvalid, "the commit is not complete in this repository: \(detail)",
                hint: "git fetch --refetch, or work in a full clone", cause: self)
        case .foreignOwner:
            UserError(
                .configInvalid, "the repository belongs to another user: \(detail)",
                hint: "git config --global --add safe.directory <its path>", cause: self)
        case .noSpace:
            UserError(.quota, "no space is left: \(detail)", hint: "free some space and try again", cause: self)
        case .unsupportedObjectFormat, .unsupportedExtension, .wrongType, .unsafePath, .invalidConfiguration, .other:
            UserError(.configInvalid, description, hint: "git push --no-verify goes on without checks", cause: self)
        }
    }
}
