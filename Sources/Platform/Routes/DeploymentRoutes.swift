internal import Artifacts
internal import Diagnostics
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import PlatformAPI

/// `/v1/apps/{user}/{app}/deployments`.
struct DeploymentRoutes: Sendable {
    let ledger: Ledger
    let feed: EventFeed
    let repositories: GitRepositories
    let engine: DeploymentEngine

    func add(to router: some RouterMethods<PlatformContext>) {
        let base = "/v1/apps/{user}/{app}/deployments"
        router.get("\(base)") { request, context in
            let query = request.uri.queryParameters
            let limit = min(max(query.get("limit", as: Int.self) ?? 20, 1), 100)
            return try json(
                try await ledger.deployments(
                    of: try context.app(), environment: query.get("environment"), limit: limit))
        }
        router.post("\(base)") { request, context in try await start(request, try context.app()) }
        router.get("\(base)/{id}") { request, context in
            let wait = min(max(request.uri.queryParameters.get("wait", as: Int.self) ?? 0, 0), 60)
            return try json(try await changed(try await deployment(context), within: .seconds(wait)))
        }
        router.get("\(base)/{id}/events") { request, context in
            EventStream(ledger: ledger, feed: feed, deployment: try await deployment(context).id).response(to: request)
        }
        router.post("\(base)/{id}/cancel") { _, context in
            let deployment = try await deployment(context)
            guard await engine.cancel(deployment.id) else {
                throw Problem(.canceled, status: 409, "the deployment is over: \(deployment.status.rawValue)")
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
    private func changed(_ deployment: Deployment, within limit: Duration) async throws -> Deployment {
        if deployment.status.isFinal || limit == .zero { return deployment }
        let changes = feed.changes(of: deployment.id)
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
        let condition = try Self.condition(request.headers)
        let body = try await decode(DeploymentRequest.self, from: &request)
        guard try await ledger.app(app) != nil else { throw Problem.appNotFound(app) }
        guard condition == body.oldCommit else {
            throw Problem.invalid("the condition in the header and 'old_commit' in the body differ")
        }
        try await validate(body, of: app)
        let environment = EnvironmentID(app: app, name: body.environment)
        let own = await engine.openPorts()
        guard
            let record = try await ledger.ensureEnvironment(
                environment, kind: body.kind, ports: EnvironmentPorts.candidates(for: environment),
                isUsable: { own.contains($0) || LoopbackPort.isFree($0) })
        else { throw Problem(.quota, status: 507, "no port is left for another environment") }
        let (deployment, isNew) = try await ledger.beginDeployment(
            id: "dpl_" + randomHex(bytes: 10), body, in: environment, idempotencyKey: key)
        if isNew { await engine.begin(deployment, body, in: record) }
        return try json(
            deployment, status: .accepted,
            headers: [.location: "/v1/apps/\(app)/deployments/\(deployment.id)"])
    }

    /// The object id that the ref must have: from `If-Match`, or nil from `If-None-Match: *`.
    private static func condition(_ headers: HTTPFields) throws -> String? {
        if let match = headers[.ifMatch] { return match.filter { $0 != "\"" } }
        if headers[.ifNoneMatch] == "*" { return nil }
        throw Problem(
            .staleRef, status: 428, "a deployment needs If-Match with the ref's object id, or If-None-Match: *")
    }

    private func validate(_ body: DeploymentRequest, of app: AppID) async throws {
        guard RefRules.isBranch(body.ref) else { throw Problem.invalid("'\(body.ref)' is not a branch") }
        guard AppID.isValidName(body.environment), ["permanent", "preview"].contains(body.kind) else {
            throw Problem.invalid("'\(body.environment)' cannot be the name of an environment")
        }
        guard body.artifact.kind == "image", body.artifact.reference.hasPrefix("\(app)@sha256:") else {
            throw Problem.invalid(
                "'\(body.artifact.reference)' is not an image of this app in the platform's own registry")
        }
        guard (1...300).contains(body.settings.graceSeconds), (1...3600).contains(body.settings.healthTimeoutSeconds)
        else {
            throw Problem.invalid("the grace period is 1 to 300 s, the health check's time 1 to 3600 s")
        }
        guard RefRules.isObjectID(body.commit), try await repositories.contains(commit: body.commit, of: app) else {
            throw Problem.invalid("the commit \(body.commit.prefix(40)) has not been pushed")
        }
        try await requireFastForward(body, of: app)
    }

    private func requireFastForward(_ body: DeploymentRequest, of app: AppID) async throws {
        guard let old = body.oldCommit, !body.force else { return }
        guard RefRules.isObjectID(old), try await repositories.isAncestor(old, of: body.commit, in: app) == true else {
            throw Problem(
                .nonFastForward, status: 409, "'\(body.ref)' would lose commits", hint: "fetch, merge and push again",
                current: old)
        }
    }
}
