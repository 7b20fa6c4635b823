import Glibc
import SystemPackage

extension Command {
    /// Starts a daemon that outlives this process and returns its process id.
    ///
    /// It leads its own session in `workingDirectory` (nil is `/`), reads nothing, and appends what it writes to
    /// `logFile` (made with mode 0600). It inherits no other descriptor, no signal setting and none of git's repository
    /// variables, so that neither git nor a terminal waits for it.
    ///
    /// - Throws: `ProcessError`; a daemon that fails after it was started says so in its log alone.
    @discardableResult
    package func spawnDetached(logFile: String) throws(ProcessError) -> Int32 {
        let path = try ExecutableLookup.resolve(self)
        let log = try openLog(logFile)
        defer { close(log) }
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, log, 1)
        posix_spawn_file_actions_adddup2(&actions, log, 2)
        for descriptor in ProcFile.names(in: "/proc/self/fd").compactMap(Int32.init) where descriptor > 2 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }

        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = newSession | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var process: pid_t = 0
        let code = withCStrings(["sh", "-c", enterAndRun, workingDirectory ?? "/", path] + arguments) { arguments in
            withCStrings(daemonEnvironment) { environment in
                posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else {
            throw ProcessError(.launchFailed, command: name, detail: "\(Errno(rawValue: code))")
        }
        return process
    }

    private var daemonEnvironment: [String] {
        CleanEnvironment.removingGitVariables(from: settableEnvironment).map { "\($0.key)=\($0.value)" }
    }

    private func openLog(_ path: String) throws(ProcessError) -> Int32 {
        let log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard log >= 0 else {
            let reason = Errno(rawValue: errno)
            throw ProcessError(.launchFailed, command: name, detail: "the log '\(path)' cannot be opened: \(reason)")
        }
        fchmod(log, 0o600)
        return log
    }
}

/// `POSIX_SPAWN_SETSID`, which glibc and musl define behind a feature macro that Swift does not set.
private let newSession: Int32 = 0x80

/// Hidden behind the same macro is the change of folder; a shell does it.
private let enterAndRun = #"cd "$0" && exec "$@""#

/// Calls `body` with a NULL-terminated vector of C strings that lives as long as the call.
private func withCStrings<Result>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    pointers.append(nil)
    return body(pointers)
}
