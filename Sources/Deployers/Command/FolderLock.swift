internal import Diagnostics

#if canImport(Glibc)
    internal import Glibc
#endif

/// Locks with names, as files of a folder; the kernel lets go of one however its holder ends.
package struct FolderLock: Sendable {
    private let folder: String

    package init(folder: String) {
        self.folder = folder
    }

    /// A lock that is held until it is released.
    struct Held {
        fileprivate let descriptor: Int32

        func release() { close(descriptor) }
    }

    /// - Throws: `DEPLOY_IN_PROGRESS` with the message when somebody else holds it.
    func take(for name: String, _ message: String) throws(UserError) -> Held {
        mkdir(folder, 0o700)
        let path = "\(folder)/\(name).lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw UserError(.configInvalid, "'\(path)' cannot be written", hint: "ls -ld '\(folder)'")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw UserError(.deployInProgress, message, hint: "wait until it is over, and push again")
        }
        return Held(descriptor: descriptor)
    }
}
