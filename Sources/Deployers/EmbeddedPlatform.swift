package import Diagnostics
internal import HTTPTransport
package import PlatformAPI
internal import ProcessRunner
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// The platform that this user runs on this machine: found, started and stopped by its clients.
package struct EmbeddedPlatform: Sendable {
    /// What is known about it.
    package enum State: Sendable, Equatable {
        case running(PlatformHome.Endpoint)
        case stopped
    }

    private static let startDeadline = Duration.seconds(20)
    private static let stopDeadline = Duration.seconds(330)

    private let home: PlatformHome
    private let environment: [String: String]

    package init(home: PlatformHome, environment: [String: String]) {
        self.home = home
        self.environment = environment
    }

    /// Whether it runs and answers.
    package func state() async -> State {
        guard let endpoint = home.endpoint(), home.isLocked(), await answers(endpoint) else { return .stopped }
        return .running(endpoint)
    }

    /// Where it listens.
    ///
    /// - Throws: `PLATFORM_UNAVAILABLE` when it does not run.
    package func requireRunning() async throws(UserError) -> PlatformHome.Endpoint {
        guard case .running(let endpoint) = await state() else {
            throw UserError(
                .platformUnavailable, "the platform on this machine is stopped, and its apps with it",
                hint: "git bim platform start")
        }
        return endpoint
    }

    /// Where it listens; starts it when it does not run, and waits until it answers.
    ///
    /// Several clients at once start one platform: the others find its lock taken and wait for its address.
    /// - Throws: `PLATFORM_UNAVAILABLE` with what the platform itself said, when it does not come up.
    package func ensureRunning(
        port: Int = 0, restoreLedger: Bool = false, onStart: @Sendable () -> Void = {}
    ) async throws(UserError) -> PlatformHome.Endpoint {
        if case .running(let endpoint) = await state() { return endpoint }
        onStart()
        let logBegin = Self.size(of: home.logFile)
        let child = home.isLocked() ? nil : try start(port: port, restoreLedger: restoreLedger)
        let end = ContinuousClock.now + Self.startDeadline
        while ContinuousClock.now < end {
            if case .running(let endpoint) = await state() { return endpoint }
            if let child, hasEnded(child), !home.isLocked() { break }
            do { try await Task.sleep(for: .milliseconds(20)) } catch { throw Self.interrupted }
        }
        throw failure(logBegin: logBegin)
    }

    /// Asks it to stop, and waits until its apps have ended.
    ///
    /// - Parameter onWaiting: told every five seconds how long it has been waited for.
    /// - Returns: false when it did not run.
    /// - Throws: `PLATFORM_UNAVAILABLE` when it does not stop, or cannot be told to.
    package func stop(onWaiting: (Duration) -> Void = { _ in }) async throws(UserError) -> Bool {
        guard home.isLocked() else { return false }
        guard let endpoint = home.endpoint() else {
            throw UserError(
                .platformUnavailable, "the platform runs, and the file with its address is missing or damaged",
                hint: "end the processes named bim-platform, and try again")
        }
        kill(endpoint.processID, SIGTERM)
        let began = ContinuousClock.now
        let end = began + Self.stopDeadline
        var sign = began + .seconds(5)
        while home.isLocked() {
            if ContinuousClock.now > sign {
                onWaiting(sign - began)
                sign += .seconds(5)
            }
            guard ContinuousClock.now < end else {
                throw UserError(
                    .platformUnavailable, "the platform (process \(endpoint.processID)) does not stop",
                    hint: "kill -9 \(endpoint.processID)")
            }
            do { try await Task.sleep(for: .milliseconds(50)) } catch { throw Self.interrupted }
        }
        return true
    }

    private static let interrupted = UserError(.interrupted, "interrupted while the platform was starting or stopping")

    private func answers(_ endpoint: PlatformHome.Endpoint) async -> Bool {
        let reply = try? await HTTPTransport().send(
            Exchange("GET", endpoint.url + "/healthz", deadline: .seconds(5)), retry: .never)
        return reply?.status == 200
    }

    private func start(port: Int, restoreLedger: Bool) throws(UserError) -> Int32 {
        let program = try Self.program(environment)
        let arguments = ["--keep-alive", "--port", String(port)] + (restoreLedger ? ["--restore-ledger"] : [])
        let folder = home.logFile.prefix(upTo: home.logFile.lastIndex(of: "/") ?? home.logFile.startIndex)
        Self.makeFolder(String(folder))
        do {
            return try Command(program, arguments, environment: environment)
                .spawnDetached(logFile: home.logFile)
        } catch {
            throw UserError(
                .platformUnavailable, "the platform '\(program)' cannot be started: \(error.detail)",
                hint: "make '\(folder)' writable, or set XDG_STATE_HOME to another place", cause: error)
        }
    }

    /// `bim-platform` beside the running program, else the one in `PATH`.
    private static func program(_ environment: [String: String]) throws(UserError) -> String {
        var candidates: [String] = []
        if let own = ProcessEnvironment.programPath {
            candidates.append(own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex) + "/bim-platform")
        }
        candidates += (environment["PATH"] ?? "").split(separator: ":").map { $0 + "/bim-platform" }
        guard let found = candidates.first(where: { access($0, X_OK) == 0 }) else {
            throw UserError(
                .platformUnavailable, "the program 'bim-platform' was not found beside git-remote-bim or in PATH",
                hint: "run bim's install.sh again")
        }
        return found
    }

    private static func makeFolder(_ path: String) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            mkdir(made, 0o700)
        }
    }

    /// The daemon is not waited for elsewhere, so its end is seen here.
    private func hasEnded(_ child: Int32) -> Bool {
        var status: Int32 = 0
        return waitpid(child, &status, WNOHANG) != 0
    }

    /// The platform's own last words, which it printed in the form in which we print ours.
    private func failure(logBegin: Int64) -> UserError {
        let lines = Self.tail(of: home.logFile, after: logBegin)
        let said = lines.last { $0.hasPrefix("error: ") }.map { String($0.dropFirst(7)) }
        let hint = lines.last { $0.hasPrefix("hint: ") }.map { String($0.dropFirst(6)) }
        return UserError(
            .platformUnavailable, said ?? "the platform did not come up",
            hint: hint ?? "read '\(home.logFile)'")
    }

    private static func size(of path: String) -> Int64 {
        (try? Stat(path))?.size ?? 0
    }

    private static func tail(of path: String, after begin: Int64) -> [String] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = pread(descriptor, &bytes, bytes.count, off_t(begin))
        return String(decoding: bytes[..<max(count, 0)], as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
