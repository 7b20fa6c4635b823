internal import Dispatch
internal import Glibc

/// Hears the signals by which a user, or whoever started this program, ends it: SIGINT, SIGTERM and SIGHUP.
package final class EndingSignals {
    private let sources: [any DispatchSourceSignal]

    /// Calls `onSignal` with the number of each one that comes, as long as the value lives.
    ///
    /// From the moment at which this returns none is lost: libdispatch registers at its leisure, and a busy machine
    /// leaves it time to miss one that is ignored already.
    package init(_ onSignal: @escaping @Sendable (Int32) -> Void) {
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { @Sendable in onSignal(number) }
            let isWatched = DispatchSemaphore(value: 0)
            source.setRegistrationHandler { @Sendable in isWatched.signal() }
            source.activate()
            isWatched.wait()
            return source
        }
    }

    deinit { for source in sources { source.cancel() } }

    /// Does the work and cancels it when a signal comes; what it comes to then still counts.
    package static func canceling<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let task = Task { () async -> Result<Value, Failure> in
            do throws(Failure) { return .success(try await work()) } catch { return .failure(error) }
        }
        let signals = EndingSignals { _ in task.cancel() }
        defer { withExtendedLifetime(signals) {} }
        return try await task.value.get()
    }
}
