internal import Artifacts
internal import Diagnostics
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import PlatformAPI

/// `/v1/apps/{user}/{app}/deployments`.
struct DeploymentRoutes: Sendable {
    let ledger: Ledger
    let feed: EventFeed
    let repositories: GitRepositories
    let engine: DeploymentEngine
    let logger: Logger

    func add(to router: some RouterMethods<PlatformContext>) {
        let base = "/v1/apps/{user}/{app}/deployments"
        router.get("\(base)") { request, context in
            let app = try context.app()
            guard try await ledger.app(app) != nil else { throw Problem.appNotFound(app) }
            let query = request.uri.queryParameters
            let limit = min(max(query.get("limit", as: Int.self) ?? 20, 1), 100)
            return try json(
                try await ledger.deployments(
                    of: app, environment: query.get("environment"), limit: limit))
        }
        router.post("\(base)") { request, context in try await start(request, try context.app()) }
        router.get("\(base)/{id}") { request, context in
            let wait = min(max(request.uri.queryParameters.get("wait", as: Int.self) ?? 0, 0), 60)
            // Subscribed before the read, so that nothing falls between reading and waiting.
            let changes = feed.changes(of: try context.parameters.require("id"))
            return try json(try await changed(try await deployment(context), within: .seconds(wait), changes))
        }
        router.get("\(base)/{id}/events") { request, context in
            EventStream(ledger: ledger, feed: feed, deployment: try await deployment(context).id).response(to: request)
        }
        router.post("\(base)/{id}/cancel") { _, context in
            let deployment = try await deployment(context)
            guard await engine.cancel(deployment.id) else {
                let status = try await self.deployment(context).status
                throw Problem(.canceled, status: 409, "the deployment is over: \(status.rawValue)")
            }
            return try json(deployment, status: .accepted)
        }
    }

    private func deployment(_ context: PlatformContext) async throws -> Deployment {
        let app = try context.app()
        let id = try context.parameters.require("id")
        guard let deployment = try await ledger.deployment(id), deployment.app == app.description else {
            throw Problem.notFound("'\(app)' has no deployment '\(id)'")
        }
        return deployment
    }

    /// Waits until the deployment changes or the time is over.
    private func changed(
        _ deployment: Deployment, within limit: Duration, _ changes: AsyncStream<Void>
    ) async throws -> Deployment {
        if deployment.status.isFinal || limit == .zero { return deployment }
        await withTaskGroup { group in
            group.addTask { for await _ in changes { break } }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
        return try await ledger.deployment(deployment.id) ?? deployment
    }

    private func start(_ request: Request, _ app: AppID) async throws -> Response {
        var request = request
        let key = request.headers[HTTPField.Name("Idempotency-Key")!]
        guard let condition = RefCondition(request.headers) else {
            throw Problem(
                .staleRef, status: 428, "a deployment needs If-Match with the ref's object id, or If-None-Match: *")
        }
        let body = try await decode(DeploymentRequest.self, from: &request)
        guard try await ledger.app(app) != nil else { throw Problem.appNotFound(app) }
        guard condition.objectID == body.oldCommit else {
            throw Problem.invalid("the condition in the header and 'old_commit' in the body differ")
        }
        try await validate(body, of: app)
        let deployment = try await engine.accept(
            body, in: EnvironmentID(app: app, name: body.environment), idempotencyKey: key)
        return try json(
            deployment, status: .accepted, headers: [.location: "/v1/apps/\(app)/deployments/\(deployment.id)"])
    }

    private func validate(_ body: DeploymentRequest, of app: AppID) async throws {
        guard RefRules.isBranch(body.ref) else { throw Problem.invalid("'\(body.ref)' is not a branch") }
        guard AppID.isValidName(body.environment), ["permanent", "preview"].contains(body.kind) else {
            throw Problem.invalid("'\(body.environment)' cannot be the name of an environment")
        }
        try ArtifactRules.check(body, of: app)
        guard Limits.graceSeconds.contains(body.settings.graceSeconds),
            Limits.healthTimeoutSeconds.contains(body.settings.healthTimeoutSeconds)
        else {
            throw Problem.invalid("the grace period is 1 to 300 s, the health check's time 1 to 3600 s")
        }
        guard RefRules.isObjectID(body.commit), try await repositories.contains(commit: body.commit, of: app) else {
            throw Problem.invalid("the commit \(body.commit.prefix(40)) has not been pushed")
        }
        try await RefRules.check(body.refs ?? [], of: app, in: repositories)
        guard !(body.refs ?? []).contains(where: { $0.ref == body.ref }) else {
            throw Problem.invalid("'\(body.ref)' is moved by the deployment and by 'refs'")
        }
        await mendShallow(app)
        try await requireFastForward(body, of: app)
    }

    /// The push before this request may have come from a shallow clone; a boundary that stays is no reason to refuse.
    private func mendShallow(_ app: AppID) async {
        do { try await repositories.mendShallow(app) } catch {
            logger.error("the history of \(app) stays cut off: \(error)")
        }
    }

    private func requireFastForward(_ body: DeploymentRequest, of app: AppID) async throws {
        guard let old = body.oldCommit, !body.force else { return }
        // A history that was cut off here cannot tell; the client, whose is whole, has looked.
        guard RefRules.isObjectID(old), try await repositories.isAncestor(old, of: body.commit, in: app) != false else {
            throw Problem(
                .nonFastForward, status: 409, "'\(body.ref)' would lose commits", hint: "fetch, merge and push again",
                current: old)
        }
    }
}
