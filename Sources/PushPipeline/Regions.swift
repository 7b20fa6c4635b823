internal import Artifacts
internal import Deployers
internal import Diagnostics
internal import GitCore
internal import HTTPTransport
internal import PlatformAPI
internal import Registry

extension DeployTarget {
    /// This target together with the other platforms that `targets` names for an environment.
    ///
    /// - Throws: `CONFIG_INVALID` where the remote is none of them, as what git then shows would be true of none.
    func spanning(
        _ addresses: [String], of environment: String, location: RepositoryLocation, transport: HTTPTransport
    ) async throws(UserError) -> DeployTarget {
        // The platform on this machine is for trying things out, whatever the file says of others.
        guard !addresses.isEmpty, let own = deployer as? APIDeployer, !own.isEmbedded, let registry else {
            return self
        }
        let mine = RemoteAddress.api(baseURL: registry.baseURL, app)
        var parsed: [RemoteAddress] = []
        for text in addresses { parsed.append(try RemoteAddress(text)) }
        guard parsed.contains(mine) else {
            throw UserError(
                .configInvalid,
                "'\(environment)' goes to \(addresses.joined(separator: ", ")), says bim.yml, and the remote is none of them",
                hint:
                    "git remote set-url --push <remote> \(addresses[0].hasPrefix("bim::") ? "" : "bim::")\(addresses[0])"
            )
        }
        var others: [DeployTarget] = []
        for address in parsed where address != mine {
            let connection = try await PlatformConnection(address, environment: location.environment, onStart: nil)
            others.append(DeployTarget(connection, location: location, transport: transport))
        }
        guard !others.isEmpty, let first = region else { return self }
        return DeployTarget(
            app: app, deployer: RegionDeployer(first: first, others: others.compactMap(\.region)),
            source: SeveralSources(sources: [source] + others.map(\.source)), registry: registry,
            otherRegistries: others.compactMap { other in other.registry.map { (other.app, $0) } })
    }

    private var region: Region? {
        guard let deployer = deployer as? any HoldingDeployer, let registry else { return nil }
        let host = registry.baseURL.drop { $0 != "/" }.drop { $0 == "/" }
        return Region(name: "\(host)/\(app)", app: app, deployer: deployer)
    }
}

/// Sends commits to several platforms, one after the other.
struct SeveralSources: SourceSender {
    let sources: [any SourceSender]

    func send(_ ids: [ObjectID]) async throws(UserError) {
        for source in sources { try await source.send(ids) }
    }
}

/// The registries of several platforms as one, the first of which names the artifact.
struct SeveralStores: ArtifactStore {
    private let stores: [any ArtifactStore]

    /// - Parameter stores: at least one.
    init(_ stores: [any ArtifactStore]) {
        self.stores = stores
    }

    func reference(to digest: Digest) -> String { stores[0].reference(to: digest) }

    func reference(to artifact: Artifact) -> String { stores[0].reference(to: artifact) }

    func contains(_ digest: Digest) async throws -> Bool {
        for store in stores where try await !store.contains(digest) { return false }
        return true
    }

    func contains(_ artifact: Artifact) async throws -> Bool {
        for store in stores where try await !store.contains(artifact) { return false }
        return true
    }

    /// Each gets what it lacks; the summary is that of the one that lacked most.
    func upload(
        _ artifact: Artifact, after taken: TakenLayers, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> UploadSummary {
        var most = UploadSummary(sentLayers: 0, layers: artifact.layers.count, sentBytes: 0)
        for store in stores {
            let summary = try await store.upload(artifact, progress: progress)
            if summary.sentBytes >= most.sentBytes { most = summary }
        }
        return most
    }

    func attach(_ document: [UInt8], type: String, named name: String, to artifact: Artifact) async throws {
        for store in stores { try await store.attach(document, type: type, named: name, to: artifact) }
    }
}
