internal import Artifacts
internal import Deployers
internal import Diagnostics
internal import GitCore
internal import HTTPTransport
internal import PlatformAPI
internal import Registry

/// The other end of a push that deploys: each kind of address makes one.
struct DeployTarget: Sendable {
    /// The app there.
    let app: AppID
    let deployer: any Deployer
    /// Takes commits there, before the deployment that needs them.
    let source: any SourceSender
    /// The registry that the platform itself keeps; nil where there is none.
    let registry: PlatformRegistry?
    /// The registry that the other end asks its pushers to use, where the project names none.
    var suggestedRegistry: String?
    /// Refuses a commit that could not be deployed, before anything is built.
    var check: @Sendable (ObjectID) throws(UserError) -> Void = { (_: ObjectID) throws(UserError) in }
}

/// Brings objects with their history to the other end, where no ref of a user's shows them.
protocol SourceSender: Sendable {
    /// - Throws: `PLATFORM_UNAVAILABLE`; sent objects may stay there.
    func send(_ ids: [ObjectID]) async throws(UserError)
}

/// A registry that is part of a platform and takes the platform's token.
struct PlatformRegistry: Sendable {
    /// Scheme, host and port.
    let baseURL: String
    let token: String?
}

extension SourcePush: SourceSender {
    func send(_ ids: [ObjectID]) async throws(UserError) { try await send(ids.map(\.hex)) }
}

extension DeployTarget {
    /// A platform that is spoken to by its API.
    init(_ connection: PlatformConnection, location: RepositoryLocation, transport: HTTPTransport) {
        self.init(
            app: connection.app, deployer: APIDeployer(connection, transport: transport),
            source: SourcePush(connection, environment: location.environment, folder: location.folder),
            registry: PlatformRegistry(baseURL: connection.baseURL, token: connection.token))
    }
}
