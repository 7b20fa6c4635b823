internal import Artifacts
internal import Builders
internal import Diagnostics
internal import GitCore
internal import HTTPTransport
internal import PlatformAPI
internal import ProjectConfig
internal import Registry

/// Where an artifact goes: what git's configuration says, else `registry` in `bim.yml`, else the platform's own registry.
enum StoreChoice: Sendable {
    case platform(PlatformRegistry)
    case registry(ImageReference)
    case bucket(S3Location)

    /// - Throws: `CONFIG_INVALID` for what names no registry, and where none is named and the platform has none.
    init(
        _ config: ProjectConfig, _ settings: RemoteSettings, platform: PlatformRegistry?, suggested: String? = nil
    ) throws(UserError) {
        let own: (key: String, value: String)?
        do { own = try settings.value("registry") } catch { throw error.userError }
        guard let name = own?.value ?? config.registry ?? suggested else {
            guard let platform else {
                throw UserError(
                    .configInvalid,
                    "nothing says which registry takes the artifact, and the remote has none of its own",
                    hint: "git config bim.registry ghcr.io/<owner>/<name>, or set 'registry' in bim.yml")
            }
            self = .platform(platform)
            return
        }
        if let location = S3Location(name, environment: settings.location.environment) {
            self = .bucket(location)
        } else if !name.hasPrefix("s3:"), name.contains("/"), let reference = ImageReference(name) {
            self = .registry(reference)
        } else {
            throw UserError(
                .configInvalid, "'\(name)', named by \(own?.key ?? "'registry' in bim.yml"), is no registry",
                hint: "write it like ghcr.io/<owner>/<name>, localhost:5000/<name> or s3://<bucket>/<prefix>")
        }
    }

    /// The store to upload to.
    ///
    /// - Parameters:
    ///   - tag: a name that points to the artifact in a registry that is not the platform's, so that it is kept there.
    ///   - folder: where is remembered what a registry has.
    func store(
        for target: DeployTarget, tag: String, environment: [String: String], transport: HTTPTransport, folder: String,
        warn: @escaping @Sendable (String) -> Void
    ) -> any ArtifactStore {
        switch self {
        case .platform(let registry):
            let clients = ([(target.app, registry)] + target.otherRegistries).map { app, registry in
                RegistryClient(
                    baseURL: registry.baseURL, repository: app.description, token: registry.token,
                    transport: transport, memory: UploadMemory(folder: folder))
            }
            return clients.count == 1 ? clients[0] : SeveralStores(clients)
        case .registry(let reference):
            return RegistryClient(
                reference, environment: environment, transport: transport, tags: [tag],
                memory: UploadMemory(folder: folder), warn: warn)
        case .bucket(let location):
            return S3Store(location, app: target.app.description, environment: environment, transport: transport)
        }
    }
}
