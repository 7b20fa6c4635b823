internal import Diagnostics
internal import PlatformAPI
internal import Synchronization

/// Writes what happens in a deployment to the ledger and wakes those who read along.
final class EventFeed: Sendable {
    private let ledger: Ledger
    private let readers = Mutex<(next: Int, waiting: [String: [Int: AsyncStream<Void>.Continuation]])>((0, [:]))

    /// A signal for each deployment that has ended, for one reader; several ends may come as one.
    let ends: AsyncStream<Void>
    private let ended: AsyncStream<Void>.Continuation

    init(ledger: Ledger) {
        self.ledger = ledger
        (ends, ended) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Ends the signals of `ends`.
    func close() { ended.finish() }

    /// Moves the deployment on and says so; false when it has ended meanwhile.
    func advance(_ id: String, to status: DeploymentStatus, phase: DeploymentPhase, _ message: String) async throws
        -> Bool
    {
        defer { wake(id) }
        return try await ledger.advance(id, to: status, phase: phase, message)
    }

    /// Adds an event of another kind.
    func append(_ type: DeploymentEvent.Kind, phase: DeploymentPhase?, _ message: String, to id: String) async throws {
        try await ledger.append(type, phase: phase, message, to: id)
        wake(id)
        if type == .end { ended.yield() }
    }

    /// Adds events of one kind, all at once; nothing when there are none.
    func append(_ type: DeploymentEvent.Kind, phase: DeploymentPhase?, _ messages: [String], to id: String) async throws
    {
        if messages.isEmpty { return }
        try await ledger.append(type, phase: phase, messages, to: id)
        wake(id)
    }

    /// Ends the deployment; false when it had ended before.
    func fail(_ id: String, as status: DeploymentStatus, _ failure: DeploymentFailure) async throws -> Bool {
        defer {
            wake(id)
            ended.yield()
        }
        return try await ledger.fail(id, as: status, failure)
    }

    /// A signal for each change of a deployment from now on; several changes may come as one.
    func changes(of id: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = readers.withLock { readers in
            readers.next += 1
            readers.waiting[id, default: [:]][readers.next] = continuation
            return readers.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.readers.withLock { readers in
                readers.waiting[id]?[number] = nil
                if readers.waiting[id]?.isEmpty == true { readers.waiting[id] = nil }
            }
        }
        return stream
    }

    func wake(_ id: String) {
        let continuations = readers.withLock { $0.waiting[id].map { Array($0.values) } ?? [] }
        for continuation in continuations { continuation.yield() }
    }
}
