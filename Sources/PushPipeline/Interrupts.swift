internal import Dispatch

#if canImport(Glibc)
    internal import Glibc
#endif

/// Turns the signals by which a user or git ends a program into the end of git's input, which cancels the work.
package struct Interrupts {
    private let sources: [any DispatchSourceSignal]

    /// Watches until the value is gone, and certainly from the moment at which this returns.
    package init(ending channel: GitChannel) {
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { @Sendable in channel.end(.signal(number)) }
            let isWatched = DispatchSemaphore(value: 0)
            source.setRegistrationHandler { @Sendable in isWatched.signal() }
            source.activate()
            isWatched.wait()
            return source
        }
    }
}
