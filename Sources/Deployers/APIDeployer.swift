internal import Artifacts
package import Diagnostics
package import HTTPTransport
package import PlatformAPI

/// Deploys by the Backend.im API; the one file that would change for another API.
package struct APIDeployer: Deployer {
    private let connection: PlatformConnection
    private let transport: HTTPTransport

    package init(_ connection: PlatformConnection, transport: HTTPTransport) {
        self.connection = connection
        self.transport = transport
    }

    package func refs() async throws(UserError) -> [RefRecord]? {
        let reply = try await send("GET", "/refs")
        if reply.status == 404, (try? problem(reply))?.code == .appNotFound { return nil }
        return try decode([RefRecord].self, reply, expecting: [200])
    }

    /// What is said of an app that the platform does not know.
    package var noApp: UserError {
        UserError(
            .appNotFound,
            "there is no app '\(connection.app)' on this platform",
            hint: connection.isEmbedded ? "git push creates it" : "git bim create <remote>")
    }

    package func ensureApp() async throws(UserError) {
        guard connection.isEmbedded else {
            guard try await refs() != nil else { throw noApp }
            return
        }
        try await createApp()
    }

    /// Makes the app; one that exists stays as it is.
    package func createApp() async throws(UserError) {
        let body = ["user": connection.app.user, "name": connection.app.app]
        let reply = try await exchange("POST", "/v1/apps", body: body)
        _ = try decode(App.self, reply, expecting: [200, 201])
    }

    package func describe() async throws(UserError) -> PlatformDescription {
        try decode(PlatformDescription.self, try await exchange("GET", "/v1/"), expecting: [200])
    }

    /// The app's environments.
    package func environments() async throws(UserError) -> [Environment] {
        try decode([Environment].self, try await send("GET", "/environments"), expecting: [200])
    }

    /// The newest deployments, newest first.
    package func deployments(limit: Int) async throws(UserError) -> [Deployment] {
        try decode([Deployment].self, try await send("GET", "/deployments?limit=\(limit)"), expecting: [200])
    }

    package func removeEnvironment(
        _ name: String, with ref: String, expecting objectID: String
    ) async throws(UserError) {
        let reply = try await send(
            "DELETE", "/environments/\(name)?ref=\(Self.percentEncoded(ref))",
            headers: [("If-Match", "\"\(objectID)\"")], retry: .never)
        guard reply.status != 204 else { return }
        throw refusal(reply)
    }

    package func changeRefs(_ changes: [RefChange]) async throws(UserError) {
        _ = try decode(
            [RefRecord].self, try await send("POST", "/refs", body: changes, retry: .never), expecting: [200])
    }

    package func deploy(
        _ request: DeploymentRequest, patience: Duration?, onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment {
        let started = try await inTurn(request, patience, onEvent)
        do {
            try Task.checkCancellation()
            guard let patience else { return try await toTheEnd(started.id, onEvent) }
            return try await follow(started.id, atMost: patience, onEvent) ?? started
        } catch {
            // Canceled or lost sight of: git will show the push as rejected, so it must not go live later.
            return try await cancel(started.id)
        }
    }

    /// Starts the deployment. While another one holds the environment, that is followed first: then either the ref has
    /// moved, which the answer tells, or it is this one's turn.
    ///
    /// - Throws: `DEPLOY_IN_PROGRESS` when the pusher's patience ends before.
    private func inTurn(
        _ request: DeploymentRequest, _ patience: Duration?, _ onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment {
        let last = ContinuousClock.now + (patience ?? Self.longestDeployment)
        let key = Self.idempotencyKey()
        var known: String?
        while true {
            let reply = try await start(request, key)
            guard reply.status == 409, let holder = try? problem(reply).holder, ContinuousClock.now < last else {
                return try decode(Deployment.self, reply, expecting: [202])
            }
            let who = "the deployment of \(holder.commit.prefix(7))"
            if known != holder.deployment { onEvent(.own(.notice, "\(who) is under way, and this one comes after it")) }
            known = holder.deployment
            try await wait(for: holder.deployment, until: min(last, ContinuousClock.now + Self.longestTurn)) { event in
                guard [.status, .progress].contains(event.type) else { return }
                onEvent(.own(.progress, "waiting for \(who): \(event.message)"))
            }
        }
    }

    private func start(_ request: DeploymentRequest, _ key: String) async throws(UserError) -> Reply {
        let condition = request.oldCommit.map { (name: "If-Match", value: "\"\($0)\"") } ?? ("If-None-Match", "*")
        // Not canceled with us: a deployment whose name we never learn could not be canceled.
        return try await uncanceled { () async throws(UserError) -> Reply in
            try await send("POST", "/deployments", headers: [condition, ("Idempotency-Key", key)], body: request)
        }
    }

    /// Waits until somebody else's deployment is over, or so long.
    private func wait(
        for id: String, until end: ContinuousClock.Instant,
        _ onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) {
        do {
            _ = try await follow(id, atMost: end - .now, onEvent)
        } catch  where Task.isCancelled {
            throw UserError(.interrupted, "interrupted", hint: "push again")
        } catch let error as UserError {
            throw error
        } catch {
            throw unavailable(error)
        }
    }

    /// Follows the deployment until it is over.
    private func toTheEnd(
        _ id: String, _ onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws -> Deployment {
        let deployment = try await follow(id, onEvent)
        guard deployment.status.isFinal else { throw Lost() }
        return deployment
    }

    /// A deployment that is not over, and of which nothing more is heard.
    private struct Lost: Error {}

    /// Follows the deployment for a time; nil when it is not over by then.
    private func follow(
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

    /// A query's value (RFC 3986, 2.1).
    private static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            return isPlain || "-._~/".utf8.contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    /// A key for one attempt of one user; a request that is sent again by the transport keeps it.
    private static func idempotencyKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
    }

    /// Does something to its end though this task is canceled.
    private func uncanceled<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(UserError) -> Value
    ) async throws(UserError) -> Value {
        try await Task { () async -> Result<Value, UserError> in
            do throws(UserError) { return .success(try await body()) } catch { return .failure(error) }
        }.value.get()
    }

    /// Tells the other side to stop, and hears how the deployment ended: it may have gone live just before. The task is
    /// canceled already, so the requests are made by one that is not.
    private func cancel(_ id: String) async throws(UserError) -> Deployment {
        let path = "/v1/apps/\(connection.app)/deployments/\(id)"
        let deployment = try? await uncanceled { () async throws(UserError) -> Deployment in
            _ = try await exchange("POST", path + "/cancel", deadline: .seconds(3), retry: .never)
            var deployment: Deployment
            var waits = 5
            repeat {
                deployment = try decode(
                    Deployment.self, try await exchange("GET", path + "?wait=1", deadline: .seconds(3), retry: .never),
                    expecting: [200])
                waits -= 1
            } while !deployment.status.isFinal && waits > 0
            return deployment
        }
        guard let deployment, deployment.status.isFinal else {
            throw UserError(
                .interrupted, "the deployment \(id) was lost sight of and may still go on",
                hint: "git bim status tells how it ended")
        }
        return deployment
    }
}

/// Following a deployment.
extension APIDeployer {
    /// No deployment takes longer: the phases of the contract sum up to less.
    private static let longestDeployment = Duration.seconds(5400)
    /// After so long the place of another deployment is asked for again: its worker may be gone.
    private static let longestTurn = Duration.seconds(30)
    /// How long a lost platform is looked for again.
    private static let patience = Duration.seconds(20)

    private func follow(_ id: String, _ onEvent: @escaping @Sendable (DeploymentEvent) -> Void) async throws
        -> Deployment
    {
        let path = "/v1/apps/\(connection.app)/deployments/\(id)"
        var reader = EventReader()
        var lostSince: ContinuousClock.Instant?
        let last = ContinuousClock.now + Self.longestDeployment
        while ContinuousClock.now < last {
            reader.reset()
            do {
                let request = Exchange(
                    "GET", connection.baseURL + path + "/events",
                    headers: headers([("Accept", "application/jsonl"), ("Last-Event-ID", String(reader.lastID))]),
                    deadline: Self.longestDeployment)
                let reply = try await transport.stream(request) { chunk in
                    for event in reader.receive(chunk) { onEvent(event) }
                    lostSince = nil
                    return reader.end == nil
                }
                if let end = reader.end { return end }
                if (400..<500).contains(reply.status), reply.status != 429 { break }
                // A stream that ends without the deployment's end has been cut off.
                let since = lostSince ?? .now
                lostSince = since
                if ContinuousClock.now - since >= Self.patience { break }
            } catch let error as TransportError {
                let since = lostSince ?? .now
                lostSince = since
                guard ContinuousClock.now - since < Self.patience else { throw error }
            }
            try await Task.sleep(for: .milliseconds(300))
        }
        return try decode(Deployment.self, try await exchange("GET", path), expecting: [200])
    }

    private func headers(_ more: [(name: String, value: String)]) -> [(name: String, value: String)] {
        (connection.token.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []) + more
    }
}

/// Requests and what their failures mean.
extension APIDeployer {
    private func send(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [],
        body: (any Encodable & Sendable)? = nil, retry: RetryPolicy = .standard
    ) async throws(UserError) -> Reply {
        try await exchange(method, "/v1/apps/\(connection.app)" + path, headers: headers, body: body, retry: retry)
    }

    private func exchange(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [],
        body: (any Encodable & Sendable)? = nil, deadline: Duration = .seconds(30), retry: RetryPolicy = .standard
    ) async throws(UserError) -> Reply {
        do {
            let content = try body.map { Exchange.Body.bytes(try CanonicalJSON.encode($0)) } ?? .none
            let type = body == nil ? [] : [(name: "Content-Type", value: "application/json")]
            return try await transport.send(
                Exchange(
                    method, connection.baseURL + path, headers: self.headers(headers + type), body: content,
                    deadline: deadline), retry: retry)
        } catch is CancellationError {
            throw UserError(.interrupted, "interrupted", hint: "push again")
        } catch {
            throw unavailable(error)
        }
    }

    private func unavailable(_ error: any Error) -> UserError {
        UserError(
            .platformUnavailable, "the platform at '\(connection.baseURL)' does not answer",
            hint: connection.isEmbedded
                ? "git bim platform status" : "check the address and your network, and push again",
            cause: error)
    }

    private func problem(_ reply: Reply) throws -> Problem { try CanonicalJSON.decode(Problem.self, from: reply.body) }

    private func decode<Value: Decodable>(
        _ type: Value.Type, _ reply: Reply, expecting statuses: Set<Int>
    ) throws(UserError) -> Value {
        if statuses.contains(reply.status), let value = try? CanonicalJSON.decode(type, from: reply.body) {
            return value
        }
        throw refusal(reply)
    }

    /// What an answer that is no success means.
    private func refusal(_ reply: Reply) -> UserError {
        if let problem = try? problem(reply) { return UserError(problem.code, problem.detail, hint: problem.hint) }
        return UserError(
            .platformUnavailable,
            "'\(connection.baseURL)' answers with status \(reply.status) and not as a Backend.im platform does",
            hint: "check the address of the remote")
    }
}

extension DeploymentEvent {
    /// What the client has to say beside the platform's own events.
    fileprivate static func own(_ type: Kind, _ message: String) -> DeploymentEvent {
        DeploymentEvent(id: 0, time: "", type: type, phase: nil, message: message)
    }
}
