internal import Deployers
internal import Diagnostics
internal import GitCore
internal import HTTPTransport
internal import PlatformAPI
internal import ProjectConfig

#if canImport(Glibc)
    internal import Glibc
#endif

/// The embedded platform while it does not run: what lies on the disk of it, for those who only look.
struct StoppedPlatform: Deployer, SourceSender {
    let app: AppID
    private let home: PlatformHome
    private let location: RepositoryLocation

    /// - Returns: nil where the address is another one, and where the platform runs.
    init?(_ address: RemoteAddress, location: RepositoryLocation) async throws(UserError) {
        guard case .embedded(let app) = address else { return nil }
        home = try PlatformHome(environment: location.environment)
        guard case .stopped = await EmbeddedPlatform(home: home, environment: location.environment).state() else {
            return nil
        }
        self.app = AppID(user: "local", app: app)
        self.location = location
    }

    /// The other end of a push that changes nothing.
    var target: DeployTarget {
        DeployTarget(
            app: app, deployer: self, source: self, registry: PlatformRegistry(baseURL: "http://127.0.0.1", token: nil))
    }

    func describe() async throws(UserError) -> PlatformDescription {
        PlatformDescription(
            version: "1", platforms: [.init(os: "linux", architecture: Architecture.current)],
            artifactKinds: ArtifactKind.allCases.map(\.rawValue), features: [])
    }

    /// The refs of the app's repository, which follows the ledger; nil where the app was never pushed to.
    func refs() async throws(UserError) -> [RefRecord]? {
        let path = "\(home.repositories)/\(app).git"
        guard access(path, F_OK) == 0 else { return nil }
        return try await RepositoryRemote(address: path, location: location).server.refs(receivePack: nil)
            .filter { !$0.ref.hasPrefix("refs/bim/") }
    }

    private var stopped: UserError {
        UserError(.platformUnavailable, "the platform on this machine is stopped", hint: "git bim platform start")
    }

    func ensureApp() async throws(UserError) { throw stopped }
    func changeRefs(_ changes: [RefChange]) async throws(UserError) { throw stopped }
    func send(_ ids: [ObjectID]) async throws(UserError) { throw stopped }
    func removeEnvironment(_ name: String, with ref: String, expecting objectID: String) async throws(UserError) {
        throw stopped
    }
    func deploy(
        _ request: DeploymentRequest, patience: Duration?, onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment { throw stopped }
}

extension DeployTarget {
    /// Whether somebody answers there.
    var isRunning: Bool { !(deployer is StoppedPlatform) }
}
