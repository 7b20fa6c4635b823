internal import CGit2

/// Passes one call to libgit2 and turns a negative status into a `GitError` of the operation's own meaning.
///
/// The library keeps its last error per thread, so it is cleared before and read right after the call.
/// - Parameter subject: the path, revision or object id that the error's detail begins with.
@discardableResult
func gate(_ operation: Operation, _ subject: @autoclosure () -> String, _ call: () -> Int32) throws(GitError) -> Int32 {
    git_error_clear()
    let status = call()
    guard status < 0 else { return status }
    let reason = git_error_last().flatMap { $0.pointee.message }.map { String(cString: $0) }
    git_error_clear()
    throw GitError(
        operation.kind(ofStatus: git_error_code(status)), operation,
        "'\(subject())': \(reason ?? "status \(status)")")
}

extension Operation {
    fileprivate func kind(ofStatus status: git_error_code) -> GitError.Kind {
        switch (self, status) {
        case (.open, GIT_ENOTFOUND): .notARepository
        case (.open, GIT_EOWNER): .foreignOwner
        case (.resolve, GIT_ENOTFOUND), (.resolve, GIT_EINVALIDSPEC): .notFound
        case (.resolve, GIT_EAMBIGUOUS): .ambiguous
        case (.resolve, GIT_EPEEL): .wrongType
        case (.resolve, GIT_EUNBORNBRANCH), (.readHead, GIT_EUNBORNBRANCH): .unbornBranch
        case (.read, GIT_ENOTFOUND): .missingObject
        case (.read, GIT_EPEEL), (.read, GIT_EINVALIDSPEC): .wrongType
        case (.compare, GIT_ENOTFOUND): .missingObject
        case (.configure, _): .invalidConfiguration
        default: .other
        }
    }
}

/// Owns one C handle and frees it exactly once.
struct Handle: ~Copyable {
    let raw: OpaquePointer
    private let free: (OpaquePointer?) -> Void

    /// Takes ownership of the handle that `make` stores.
    init(
        _ operation: Operation, _ subject: @autoclosure () -> String, free: @escaping (OpaquePointer?) -> Void,
        _ make: (inout OpaquePointer?) -> Int32
    ) throws(GitError) {
        var made: OpaquePointer?
        try gate(operation, subject()) { make(&made) }
        guard let made else { throw GitError(.other, operation, "'\(subject())': nothing was returned") }
        raw = made
        self.free = free
    }

    deinit { free(raw) }
}

/// The library's process-wide state: started once, set up once, never stopped.
enum Library {
    /// Starts the library on first use.
    static func start() throws(GitError) {
        guard status >= 0 else { throw GitError(.other, .start, "status \(status)") }
    }

    private static let status: Int32 = {
        let started = git_libgit2_init()
        guard started >= 0 else { return started }
        // The owner is checked by `Ownership`: the library knows neither `git -c safe.directory` nor GIT_CONFIG_GLOBAL.
        var status = bim_git_set_owner_validation(0)
        // The configuration comes from the environment git gave, which need not be the environment of this process.
        for level in [
            GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL,
        ] {
            status = min(status, bim_git_set_search_path(level, ""))
        }
        return min(status, setExtensions())
    }()

    /// The extensions that change nothing for a reader. `objectformat` is not one: the library cannot read SHA-256.
    private static func setExtensions() -> Int32 {
        "worktreeconfig".withCString { worktree in
            "preciousobjects".withCString { precious in
                "partialclone".withCString { partial in
                    var names: [UnsafePointer<CChar>?] = [worktree, precious, partial]
                    return bim_git_set_extensions(&names, names.count)
                }
            }
        }
    }
}
