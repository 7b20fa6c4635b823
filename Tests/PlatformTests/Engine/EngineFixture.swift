import Artifacts
import AsyncHTTPClient
import HTTPTransport
@testable import Platform
import PlatformAPI
import Testing

/// An engine without a server before it: real ledger, repositories, sandbox and proxy, in a folder of their own.
struct EngineFixture: Sendable {
    let folder: TemporaryFolder
    let ledger: Ledger
    let blobs: BlobStore
    let engine: DeploymentEngine
    let feed: EventFeed
    let app: AppID
    let commit: String
    private let image: SampleImage

    var releases: String { folder.path + "/releases" }
    var production: EnvironmentID { EnvironmentID(app: app, name: "production") }

    fileprivate init(_ http: HTTPClient) async throws {
        folder = try TemporaryFolder()
        let home = PlatformHome(folder: folder.path, logFile: folder.path + "/log")
        for path in [home.repositories, home.releases, home.logs] { try #require(FolderContents.make(path)) }
        ledger = try Ledger(path: home.ledgerFile)
        blobs = try BlobStore(folder: home.registry)
        feed = EventFeed(ledger: ledger)
        // Ports of environments follow from names, so no two fixtures of this machine shall have the same app.
        app = AppID(user: "acme", app: "app-" + String(UInt32.random(in: 0...UInt32.max), radix: 36))
        let repositories = GitRepositories(folder: home.repositories, environment: TestPlatform.environment)
        engine = DeploymentEngine(
            .init(
                ledger: ledger, feed: feed, puller: ArtifactPuller(blobs: blobs, environment: [:], reach: .anywhere),
                folders: ReleaseFolders(folder: home.releases, blobs: blobs),
                repositories: repositories, follower: RefFollower(ledger: ledger, repositories: repositories),
                runtime: SandboxRuntime(environment: TestPlatform.environment, hidden: []), http: http,
                eventLoops: http.eventLoopGroup, logFolder: home.logs))
        image = try SampleImage()
        for blob in [image.configuration, image.layer, image.manifest] { _ = try blobs.store(blob) }
        #expect(try await ledger.createApp(app))
        try await repositories.ensure(app)
        let source = try await GitClient()
        commit = try await source.commit("first")
        try await source.git("push", "--quiet", repositories.path(of: app), "HEAD:refs/bim/source/test")
    }

    func request(
        processes: [String: String], old: String? = nil, grace: Int = 1, health: Int = 60
    ) -> DeploymentRequest {
        var request = DeploymentRequest.sample(
            of: app, commit: commit, old: old, digest: image.digest.description, processes: processes)
        request.settings.graceSeconds = grace
        request.settings.healthTimeoutSeconds = health
        return request
    }

    /// Begins a deployment to production.
    func begin(_ id: String, _ request: DeploymentRequest) async throws {
        let ports = PortChoice(candidates: EnvironmentPorts.candidates(for: production), isUsable: LoopbackPort.isFree)
        let begun = try await ledger.beginDeployment(
            id: id, request, in: production, ports: ports, idempotencyKey: nil)
        await engine.begin(begun.deployment, request, in: try #require(begun.environment))
    }

    /// The deployment once its end event has come.
    func end(of id: String) async throws -> Deployment {
        while true {
            let changes = feed.changes(of: id)
            let events = try await ledger.events(of: id, after: 0)
            if let end = events.last, end.type == .end { return try #require(end.deployment) }
            for await _ in changes { break }
        }
    }
}

/// Runs `body` beside an engine that has ended, with all that it ran, when this returns.
func withEngine(_ body: (EngineFixture) async throws -> Void) async throws {
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: HealthProbe.clientConfiguration)
    do {
        let fixture = try await EngineFixture(http)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await fixture.engine.run() }
            do {
                try await body(fixture)
            } catch {
                await fixture.engine.stop()
                throw error
            }
            await fixture.engine.stop()
        }
    } catch {
        try await http.shutdown()
        throw error
    }
    try await http.shutdown()
}
