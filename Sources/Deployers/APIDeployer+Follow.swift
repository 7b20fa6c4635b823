internal import Diagnostics
internal import HTTPTransport
internal import PlatformAPI
internal import Synchronization

/// Following a deployment.
extension APIDeployer {
    /// A deployment that is not over, and of which nothing more is heard.
    private struct Lost: Error {}

    /// Follows the deployment until it is over.
    func toTheEnd(
        _ id: String, _ onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws -> Deployment {
        let deployment = try await follow(id, onEvent)
        guard deployment.status.isFinal else { throw Lost() }
        return deployment
    }

    /// Follows the deployment for a time; nil when it is not over by then.
    func follow(
        _ id: String, atMost patience: Duration, _ onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws -> Deployment? {
        try await withThrowingTaskGroup(of: Deployment?.self) { group in
            group.addTask { try await toTheEnd(id, onEvent) }
            group.addTask {
                try await Task.sleep(for: patience)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Reads events; a connection that is lost is made again, and goes on behind the last event that came.
    private func follow(_ id: String, _ onEvent: @escaping @Sendable (DeploymentEvent) -> Void) async throws
        -> Deployment
    {
        let reading = EventReading(onEvent)
        var lostSince: ContinuousClock.Instant?
        let last = ContinuousClock.now + deadlines.deployment
        while ContinuousClock.now < last {
            var lost: (any Error)?
            let before = reading.lastID
            do {
                let status = try await read(reading, of: id)
                if let end = reading.end { return end }
                if (400..<500).contains(status), status != 429 { break }
                // A stream that ends without the deployment's end has been cut off.
            } catch let error as TransportError {
                if let end = reading.end { return end }
                lost = error
            }
            if reading.lastID > before { lostSince = nil }
            let since = lostSince ?? .now
            lostSince = since
            guard ContinuousClock.now - since < deadlines.search else {
                if let lost { throw lost }
                break
            }
            try await Task.sleep(for: deadlines.pause)
        }
        return try decode(Deployment.self, try await exchange("GET", path(of: id)), expecting: [200])
    }

    private func path(of id: String) -> String { "/v1/apps/\(connection.app)/deployments/\(id)" }

    /// Reads one stream to its end; a server that no whole line comes from is given up.
    ///
    /// - Returns: the status of the answer.
    private func read(_ reading: EventReading, of id: String) async throws -> Int {
        reading.begin()
        var request = Exchange(
            "GET", connection.baseURL + path(of: id) + "/events",
            headers: headers([("Accept", "application/jsonl"), ("Last-Event-ID", String(reading.lastID))]),
            deadline: deadlines.answer)
        request.takesOwnHeaders = true
        let (exchange, silence) = (request, deadlines.silence)
        return try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask { try await transport.stream(exchange) { reading.receive($0) }.status }
            group.addTask {
                while true {
                    let end = reading.lastLine + silence
                    guard ContinuousClock.now < end else {
                        throw TransportError(
                            kind: .timedOut, url: exchange.url, detail: "no whole event in \(silence)")
                    }
                    try await Task.sleep(until: end)
                }
            }
            defer { group.cancelAll() }
            return try await group.next() ?? 0
        }
    }

    /// Tells the other side to stop, and hears how the deployment ended: it may have gone live just before. The task may be
    /// canceled already, so the requests are made by one that is not.
    func cancel(_ id: String, because error: any Error) async throws(UserError) -> Deployment {
        let path = path(of: id)
        let deadline = deadlines.farewell
        let deployment = try? await uncanceled { () async throws(UserError) -> Deployment in
            _ = try await exchange("POST", path + "/cancel", deadline: deadline, retry: .never)
            var deployment: Deployment
            var waits = 5
            repeat {
                deployment = try decode(
                    Deployment.self, try await exchange("GET", path + "?wait=1", deadline: deadline, retry: .never),
                    expecting: [200])
                waits -= 1
            } while !deployment.status.isFinal && waits > 0
            return deployment
        }
        guard let deployment, deployment.status.isFinal else {
            // What cannot be told to stop may go live yet, and nobody shall think otherwise.
            let known = error as? UserError
            throw UserError(
                known?.code ?? (error is CancellationError ? .interrupted : .platformUnavailable),
                "the deployment \(id) was lost sight of and may still go on\(known.map { ": \($0.message)" } ?? "")",
                hint: known?.hint ?? "git bim status tells how it ended", cause: error)
        }
        return deployment
    }
}

/// The events of one deployment while they come, over as many streams as it takes.
private final class EventReading: Sendable {
    private struct State {
        var reader = EventReader()
        var lastLine = ContinuousClock.now
    }

    private let state = Mutex(State())
    private let onEvent: @Sendable (DeploymentEvent) -> Void

    init(_ onEvent: @escaping @Sendable (DeploymentEvent) -> Void) {
        self.onEvent = onEvent
    }

    var lastID: Int { state.withLock { $0.reader.lastID } }
    var end: Deployment? { state.withLock { $0.reader.end } }
    /// When the last whole line came, an empty one too.
    var lastLine: ContinuousClock.Instant { state.withLock { $0.lastLine } }

    func begin() {
        state.withLock { state in
            state.reader.reset()
            state.lastLine = .now
        }
    }

    /// Takes a piece of the stream; false when the deployment is over.
    func receive(_ chunk: [UInt8]) -> Bool {
        let (events, isOver) = state.withLock { state in
            if chunk.contains(UInt8(ascii: "\n")) { state.lastLine = .now }
            let events = state.reader.receive(chunk)
            return (events, state.reader.end != nil)
        }
        for event in events { onEvent(event) }
        return !isOver
    }
}
