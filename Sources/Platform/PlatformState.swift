internal import Diagnostics
internal import PlatformAPI

#if canImport(Glibc)
    internal import Glibc
#endif

/// The platform's hold on its folder: the lock that makes it the only one, its token, and the file that names its address.
struct PlatformState: ~Copyable {
    let home: PlatformHome
    let token: String
    /// The port of the API of a process that was killed before; its clients look for it there.
    let earlierPort: Int?
    private let lock: Int32

    /// Takes the folder, making it and the token when they do not exist.
    ///
    /// - Throws: `PLATFORM_UNAVAILABLE` when the folder cannot be written or another platform holds it, `QUOTA` when the
    ///   disk is full.
    static func take(_ home: PlatformHome) throws(UserError) -> PlatformState {
        for folder in [home.folder, home.repositories, home.registry, home.releases, home.logs] {
            guard FolderContents.make(folder) else {
                throw errno == ENOSPC || errno == EDQUOT
                    ? noSpace(folder)
                    : UserError(
                        .platformUnavailable, "the platform's folder '\(folder)' cannot be written",
                        hint: "make it writable for this user, or set XDG_DATA_HOME to another place")
            }
        }
        let lock = open(home.lockFile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0, hold(lock) else {
            if lock >= 0 { close(lock) }
            throw UserError(
                .platformUnavailable, "another platform already runs for '\(home.folder)'",
                hint: "git bim platform status")
        }
        // Written by the process before this one, which was killed.
        let earlierPort = home.endpoint()?.port
        unlink(home.endpointFile)
        do {
            return PlatformState(home: home, token: try token(home), earlierPort: earlierPort, lock: lock)
        } catch {
            close(lock)
            throw error
        }
    }

    private init(home: PlatformHome, token: String, earlierPort: Int?, lock: Int32) {
        self.home = home
        self.token = token
        self.earlierPort = earlierPort
        self.lock = lock
    }

    deinit {
        unlink(home.endpointFile)
        close(lock)
    }

    /// Tells clients where the platform listens.
    borrowing func announce(_ endpoint: PlatformHome.Endpoint) throws(UserError) {
        let text = "{\"host\":\"\(endpoint.host)\",\"pid\":\(endpoint.processID),\"port\":\(endpoint.port)}\n"
        try Self.write(text, to: home.endpointFile)
    }

    /// Takes the lock. A client that looks whether somebody holds it holds it for a moment itself.
    private static func hold(_ lock: Int32) -> Bool {
        for _ in 0..<100 {
            if flock(lock, LOCK_EX | LOCK_NB) == 0 { return true }
            usleep(10_000)
        }
        return false
    }

    private static func token(_ home: PlatformHome) throws(UserError) -> String {
        if let known = home.token() {
            chmod(home.tokenFile, 0o600)
            return known
        }
        let token = "bim_" + randomHex(bytes: 24)
        try write(token + "\n", to: home.tokenFile)
        return token
    }

    /// Writes a small file whole or not at all, for its owner alone.
    private static func write(_ text: String, to path: String) throws(UserError) {
        let partial = path + ".partial"
        unlink(partial)
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        defer { if descriptor >= 0 { close(descriptor) } }
        let bytes = Array(text.utf8)
        guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
            rename(partial, path) == 0
        else { throw errno == ENOSPC || errno == EDQUOT ? noSpace(path) : unwritable(path) }
    }

    private static func noSpace(_ path: String) -> UserError {
        UserError(.quota, "no space is left for '\(path)'", hint: "free some space and try again")
    }

    private static func unwritable(_ path: String) -> UserError {
        UserError(
            .platformUnavailable, "'\(path)' cannot be written", hint: "make its folder writable for this user")
    }
}
