package import Diagnostics
package import PlatformAPI
internal import ProcessRunner

#if canImport(Glibc)
    internal import Glibc
#endif

/// Starts the platform again when it was killed, so that its live releases come back by themselves.
///
/// It does nothing else and so has little to die of; when it is killed the platform goes on without it. A platform that
/// ends by itself, whatever its status, is not started again.
package struct PlatformSupervisor: Sendable {
    /// A platform that is killed more often than this within a minute stays down.
    private static let patience = 5

    private let program: String
    private let arguments: [String]
    private let firstArguments: [String]
    private let home: PlatformHome
    private let environment: [String: String]

    /// - Parameters:
    ///   - program: the path of `bim-platform`.
    ///   - arguments: what the platform is started with.
    ///   - firstArguments: what it is started with besides the first time, and never again.
    package init(
        program: String, arguments: [String], firstArguments: [String] = [], home: PlatformHome,
        environment: [String: String]
    ) {
        self.program = program
        self.arguments = arguments
        self.firstArguments = firstArguments
        self.home = home
        self.environment = environment
    }

    /// Returns the exit status of the last platform.
    package func run() throws(UserError) -> Int32 {
        var command = Command(program, arguments + firstArguments, environment: environment)
        var deaths: [ContinuousClock.Instant] = []
        while true {
            let child: Int32
            do {
                child = try command.spawnDetached(logFile: home.logFile)
            } catch {
                throw UserError(.platformUnavailable, "'\(program)' cannot be started: \(error.detail)", cause: error)
            }
            let status = Self.wait(for: child)
            command.arguments = arguments
            // The low seven bits name the signal that ended it (wait(2)).
            guard status & 0x7F != 0 else { return status >> 8 & 0xFF }
            let now = ContinuousClock.now
            deaths = deaths.filter { now - $0 < .seconds(60) } + [now]
            guard deaths.count <= Self.patience else { return 1 }
            usleep(100_000 << UInt32(deaths.count))
        }
    }

    private static func wait(for child: Int32) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status
    }
}
