internal import Artifacts
internal import Diagnostics
internal import HTTPTypes
internal import Hummingbird
internal import PlatformAPI

/// `/v1/apps` and what lies below it but deployments.
struct AppRoutes: Sendable {
    let ledger: Ledger
    let repositories: GitRepositories
    let follower: RefFollower
    let engine: DeploymentEngine

    /// The body of `POST /v1/apps`.
    private struct NewApp: Codable {
        let user: String
        let name: String
    }

    func add(to router: some RouterMethods<PlatformContext>) {
        router.get("/v1") { request, _ in try json(Self.description(host: request.head.authority)) }
        router.get("/v1/whoami") { _, _ in try json(Identity.operator) }
        router.get("/v1/apps") { _, _ in try json(try await ledger.apps()) }
        router.post("/v1/apps") { request, _ in try await create(request) }
        router.get("/v1/apps/{user}/{app}") { _, context in try json(try await app(try context.app())) }
        router.get("/v1/apps/{user}/{app}/refs") { request, context in try await refs(request, try context.app()) }
        router.post("/v1/apps/{user}/{app}/refs") { request, context in
            try await changeRefs(request, try context.app())
        }
        router.get("/v1/apps/{user}/{app}/environments") { _, context in
            let app = try context.app()
            _ = try await self.app(app)
            var answer: [PlatformAPI.Environment] = []
            for record in try await ledger.environments(of: app) { answer.append(await show(record)) }
            return try json(answer)
        }
        router.delete("/v1/apps/{user}/{app}/environments/{environment}") { request, context in
            try await tearDown(request, try context.app(), try context.parameters.require("environment"))
        }
        router.get("/v1/apps/{user}/{app}/environments/{environment}/releases") { _, context in
            try json(try await releases(try context.app(), try context.parameters.require("environment")))
        }
    }

    /// - Parameter host: how the client calls this platform, whose registry is a part of it.
    private static func description(host: String?) -> PlatformDescription {
        PlatformDescription(
            version: "1", platforms: [.init(os: "linux", architecture: Architecture.current)],
            artifactKinds: ArtifactKind.allCases.map(\.rawValue), registry: host, limits: Limits.all,
            features: [
                "registry", "git", "sandbox", "other-registries", "s3", PlatformDescription.presignedURLs, "hold",
                "webhooks",
            ])
    }

    private func create(_ request: Request) async throws -> Response {
        var request = request
        let new = try await decode(NewApp.self, from: &request)
        let id = AppID(user: new.user, app: new.name)
        guard AppID.isValidName(id.user), AppID.isValidName(id.app) else {
            throw Problem.invalid(
                "'\(id)' cannot be the name of an app",
                hint: "use at most 40 lower-case letters, digits and hyphens for user and app")
        }
        let isNew = try await ledger.createApp(id)
        try await follower.ensure(id)
        return try json(try await app(id), status: isNew ? .created : .ok)
    }

    private func app(_ id: AppID) async throws -> App {
        guard let app = try await ledger.app(id) else { throw Problem.appNotFound(id) }
        return app
    }

    private func refs(_ request: Request, _ id: AppID) async throws -> Response {
        _ = try await app(id)
        let refs = try await ledger.refs(of: id)
        let tag = "\"\(Digest.sha256(of: try CanonicalJSON.encode(refs)).hex.prefix(32))\""
        if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: [.eTag: tag]) }
        return try json(refs, headers: [.eTag: tag])
    }

    private func changeRefs(_ request: Request, _ id: AppID) async throws -> Response {
        var request = request
        _ = try await app(id)
        let changes = try await decode([RefChange].self, from: &request)
        try await RefRules.check(changes, of: id, in: repositories)
        try await ledger.changeRefs(of: id, changes)
        try await follower.follow(id)
        return try json(try await ledger.refs(of: id))
    }

    /// Removes an environment with its release and its branch.
    private func tearDown(_ request: Request, _ id: AppID, _ name: String) async throws -> Response {
        let environment = EnvironmentID(app: id, name: name)
        guard let condition = RefCondition(request.headers) else {
            throw Problem(
                .staleRef, status: 428,
                "removing an environment needs If-Match with its branch's object id, or If-None-Match: * without one")
        }
        let releases = try await ledger.releases(of: environment)
        let isGone = try await ledger.removeEnvironment(
            environment, with: request.uri.queryParameters.get("ref"), expecting: condition.objectID)
        if isGone { await engine.tearDown(environment, releases: releases) }
        try await follower.follow(id)
        return Response(status: .noContent)
    }

    private func show(_ record: EnvironmentRecord) async -> PlatformAPI.Environment {
        let state = await engine.state(of: record)
        return PlatformAPI.Environment(
            name: record.id.name, kind: record.kind, ref: record.ref, url: EnvironmentPorts.url(port: record.port),
            liveRelease: record.liveRelease, state: state.state, problem: state.problem)
    }

    private func releases(_ id: AppID, _ environment: String) async throws -> [Release] {
        let environment = EnvironmentID(app: id, name: environment)
        guard let record = try await ledger.environment(environment) else {
            throw Problem.notFound("'\(id)' has no environment '\(environment.name)'")
        }
        return try await ledger.releases(of: environment).map {
            Release(
                number: $0.number, deployment: $0.deployment, commit: $0.request.commit,
                artifact: $0.request.artifact.reference, createdAt: $0.createdAt,
                isLive: $0.number == record.liveRelease)
        }
    }
}

/// What a request says that a ref must be, in its headers.
struct RefCondition {
    /// Nil when the ref must not exist.
    let objectID: String?

    /// From `If-Match: "<object id>"` or `If-None-Match: *`; nil when there is neither.
    init?(_ headers: HTTPFields) {
        if let match = headers[.ifMatch] {
            objectID = match.filter { $0 != "\"" }
        } else if headers[.ifNoneMatch] == "*" {
            objectID = nil
        } else {
            return nil
        }
    }
}

/// What the platform takes as a ref and as an object id.
enum RefRules {
    /// A branch, which deploys: a full ref name that git takes too (git-check-ref-format).
    static func isBranch(_ ref: String) -> Bool { ref.hasPrefix("refs/heads/") && isWellFormed(ref) }

    /// A ref that can be stored; a branch is one as long as nothing is live from it.
    static func isStored(_ ref: String) -> Bool {
        ref.hasPrefix("refs/") && !ref.hasPrefix("refs/bim/") && isWellFormed(ref)
    }

    /// - Throws: `Problem` when a change names no ref that may be stored, or an object that is not there.
    static func check(_ changes: [RefChange], of app: AppID, in repositories: GitRepositories) async throws {
        for change in changes {
            guard isStored(change.ref) else { throw Problem.invalid("'\(change.ref)' cannot be the name of a ref") }
        }
        let ids = changes.compactMap(\.new)
        var absent = ids.first { !isObjectID($0) }
        if absent == nil { absent = try await repositories.missingObjects(ids, of: app).first }
        guard let absent else { return }
        throw Problem.invalid("the object \(absent.prefix(40)) has not been pushed")
    }

    /// 40 lower-case hexadecimal digits.
    static func isObjectID(_ text: String) -> Bool {
        text.utf8.count == 40 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func isWellFormed(_ ref: String) -> Bool {
        let parts = ref.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, ref.utf8.count <= 500,
            !ref.hasSuffix("."), !ref.contains(".."), !ref.contains("@{")
        else { return false }
        guard parts.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasSuffix(".lock") }) else { return false }
        let forbidden = Set(" ~^:?*[\\".unicodeScalars)
        return ref.unicodeScalars.allSatisfy { $0.value > 0x1F && $0.value != 0x7F && !forbidden.contains($0) }
    }
}
