internal import Artifacts
internal import Builders
internal import Diagnostics
internal import GitCore
internal import Registry

extension UserError {
    /// What building and uploading ran into, for people.
    init(buildOrUpload error: any Error) {
        self =
            switch error {
            case let error as UserError: error
            case let error as RegistryError: error.userError
            case let error as S3Error: error.userError
            case let error as GitError: error.userError
            case let error as BuildFailure: error.userError
            case let error as ImageSource.Failure: error.userError
            case is CancellationError: UserError(.interrupted, "interrupted", hint: "push again")
            case let error as LayerCache.Untrue:
                UserError(
                    .buildFailed, "the layer cache was damaged or changed by somebody else",
                    hint: "git push -o no-cache sets it right", cause: error)
            case let error as LayerCache.Failure:
                error.isNoSpace ? Self.noSpace(error) : Self.unusable(error.path, error)
            case let error as SystemError:
                error.isNoSpace ? Self.noSpace(error) : Self.unusable(error.path ?? "files", error)
            default:
                UserError(
                    .buildFailed, "the artifact could not be built: \(error)", hint: "git push -v tells more",
                    cause: error)
            }
    }

    private static func noSpace(_ cause: any Error) -> UserError {
        UserError(.quota, "no space is left for the layer cache", hint: "free some space and push again", cause: cause)
    }

    private static func unusable(_ path: String, _ cause: any Error) -> UserError {
        UserError(
            .buildFailed, "the cache's '\(path)' cannot be read or written",
            hint: "make it writable, or set XDG_CACHE_HOME to another place", cause: cause)
    }
}
