internal import Dispatch
internal import Glibc

/// Turns the signals by which a user or git ends a program into the end of its work.
package enum Interrupts {
    /// Does the work and cancels it at Ctrl-C, SIGTERM or SIGHUP; what it says then still counts.
    package static func canceling<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let task = Task { try await work() }
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { @Sendable in task.cancel() }
            source.activate()
            return source
        }
        defer { sources.forEach { $0.cancel() } }
        return try await task.value
    }
}
