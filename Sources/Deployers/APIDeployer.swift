package import Diagnostics
package import HTTPTransport
package import PlatformAPI

/// Deploys by the Backend.im API; `docs/deployers.md` tells what another API needs.
package struct APIDeployer: Deployer {
    let connection: PlatformConnection
    let transport: HTTPTransport
    let deadlines: APIDeadlines

    package init(_ connection: PlatformConnection, transport: HTTPTransport, deadlines: APIDeadlines = .standard) {
        self.connection = connection
        self.transport = transport
        self.deadlines = deadlines
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
        let description = try decode(PlatformDescription.self, try await exchange("GET", "/v1/"), expecting: [200])
        try description.requireContract(at: connection.baseURL)
        return description
    }

    /// Whom the platform takes the token's bearer for.
    package func identity() async throws(UserError) -> Identity {
        try decode(Identity.self, try await exchange("GET", "/v1/whoami"), expecting: [200])
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
            "DELETE", "/environments/\(name)?ref=\(PercentEncoding.encode(ref))",
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
            return try await cancel(started.id, because: error)
        }
    }

    /// Starts the deployment. While another one holds the environment, that is followed first: then either the ref has
    /// moved, which the answer tells, or it is this one's turn.
    ///
    /// - Throws: `DEPLOY_IN_PROGRESS` when the pusher's patience ends before.
    private func inTurn(
        _ request: DeploymentRequest, _ patience: Duration?, _ onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment {
        let last = ContinuousClock.now + (patience ?? deadlines.deployment)
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
            try await wait(for: holder.deployment, until: min(last, ContinuousClock.now + deadlines.turn)) { event in
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

    /// A key for one attempt of one user; a request that is sent again by the transport keeps it.
    static func idempotencyKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
    }

    /// Does something to its end though this task is canceled.
    func uncanceled<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(UserError) -> Value
    ) async throws(UserError) -> Value {
        try await Task { () async -> Result<Value, UserError> in
            do throws(UserError) { return .success(try await body()) } catch { return .failure(error) }
        }.value.get()
    }
}

extension DeploymentEvent {
    /// What the client has to say beside the platform's own events.
    fileprivate static func own(_ type: Kind, _ message: String) -> DeploymentEvent {
        DeploymentEvent(id: 0, time: "", type: type, phase: nil, message: message)
    }
}
