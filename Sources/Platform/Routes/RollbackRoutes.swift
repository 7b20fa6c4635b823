internal import Artifacts
internal import Diagnostics
internal import HTTPTypes
internal import Hummingbird
internal import PlatformAPI

/// `…/environments/{environment}/rollback`: a new deployment of an old release, its artifact, settings and configuration.
struct RollbackRoutes: Sendable {
    let ledger: Ledger
    let repositories: GitRepositories
    let engine: DeploymentEngine

    func add(to router: some RouterMethods<PlatformContext>) {
        router.post("/v1/apps/{user}/{app}/environments/{environment}/rollback") { request, context in
            try await rollBack(request, try context.environment())
        }
    }

    private func rollBack(_ request: Request, _ environment: EnvironmentID) async throws -> Response {
        var request = request
        let body = try await decode(RollbackRequest.self, from: &request)
        guard let record = try await ledger.environment(environment) else { throw Problem.noEnvironment(environment) }
        let release = try await release(body.release, of: record)
        var deployment = release.requestAgain
        deployment.oldCommit = try await ledger.refs(of: environment.app).first { $0.ref == deployment.ref }?.objectID
        deployment.force = true
        deployment.protected = record.isProtected
        deployment.message = body.message ?? "Roll back to release \(release.number)"
        deployment.client = body.client
        if body.runReleaseCommand != true { deployment.settings.releaseCommand = nil }
        guard try await repositories.contains(commit: deployment.commit, of: environment.app) else {
            throw Problem(
                .pullFailed, status: 409, "the commit of release \(release.number) is no longer kept here",
                hint: "git push bim \(deployment.commit.prefix(10)):\(deployment.ref) --force")
        }
        // Kept apart from keys of other requests: the same words may go to two environments.
        let asked = "rollback \(environment.name) " + String(decoding: try CanonicalJSON.encode(body), as: UTF8.self)
        let begun = try await engine.accept(
            deployment, in: environment, idempotencyKey: request.headers[HTTPField.Name("Idempotency-Key")!],
            asked: asked, config: .deployment(release.deployment))
        return try json(
            begun, status: .accepted, headers: [.location: "/v1/apps/\(environment.app)/deployments/\(begun.id)"])
    }

    /// The wanted release, else the one before the live one.
    private func release(_ number: Int?, of record: EnvironmentRecord) async throws -> ReleaseRecord {
        let releases = try await ledger.releases(of: record.id)
        guard let live = record.liveRelease else {
            throw Problem.invalid("nothing is live in '\(record.id.name)'", hint: "push to it first")
        }
        guard number != live else { throw Problem.invalid("release \(live) is live already") }
        guard
            let found = releases.first(where: { release in
                number.map { release.number == $0 } ?? (release.number < live)
            })
        else {
            throw Problem(
                .appNotFound, status: 404,
                number.map { "'\(record.id.name)' has no release \($0)" }
                    ?? "there is no release before release \(live)",
                hint: "git bim log \(record.id.name)")
        }
        return found
    }
}
