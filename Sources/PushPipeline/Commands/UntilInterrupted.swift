internal import Dispatch

#if canImport(Glibc)
    internal import Glibc
#endif

/// Does something that the signals by which a user ends a program cancel, so that it can end what it has begun.
package func untilInterrupted<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async -> Value {
    let work = Task { await body() }
    let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { @Sendable in work.cancel() }
        source.activate()
        return source
    }
    defer { for source in sources { source.cancel() } }
    return await work.value
}
