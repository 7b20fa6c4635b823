internal import Deployers
internal import Diagnostics
internal import GitCore
internal import PlatformAPI
internal import ProcessRunner
internal import ProjectConfig
internal import RemoteHelper

/// The source goes in the same push as the ref that shows it.
struct SourceWithRef: SourceSender {
    func send(_ ids: [ObjectID]) async throws(UserError) {}
}

extension DeployTarget {
    /// A git server; its hook deploys what is pushed, where it has one.
    init(
        server: RepositoryRemote, _ settings: RemoteSettings, _ options: PushOptions, reporter: any Reporter
    ) async throws(UserError) {
        let deployer = try await GitDeployer(
            server.server, options: GitServer.SendOptions(options), fallback: try settings.platform(),
            reporter: reporter)
        self.init(
            app: deployer.record?.app ?? Self.app(at: server.address), deployer: deployer, source: SourceWithRef(),
            registry: nil, suggestedRegistry: deployer.record?.registry)
    }

    /// A command of the user's; the refs lie in this repository, in a namespace of their own.
    init(
        command name: String, _ app: AppID, _ settings: RemoteSettings, reporter: any Reporter
    ) throws(UserError) {
        let repository = try RepositoryRemote(command: name, app, settings.location)
        let choice = DeployCommandChoice(settings: settings, name: name)
        self.init(
            app: app,
            deployer: CommandDeployer(
                name: name, app: app, repository: repository.server,
                environment: CleanEnvironment.forCommands(from: settings.location.environment),
                folder: settings.location.folder, lock: FolderLock(folder: repository.address + "/bim"),
                platform: try settings.platform(), reporter: reporter,
                choose: { (commit: String) throws(UserError) in try choice.command(for: commit) }),
            source: SourceWithRef(), registry: nil,
            check: { (commit: ObjectID) throws(UserError) in _ = try choice.command(for: commit.hex) })
    }

    /// The app that a repository's address names: the last two parts of its path.
    static func app(at address: String) -> AppID {
        let path = SSHAddress(address)?.path ?? address
        let parts = path.split(separator: "/").suffix(2).map(String.init)
        let name = parts.last.map { $0.hasSuffix(".git") ? String($0.dropLast(4)) : $0 } ?? "app"
        let user = parts.count > 1 ? parts[0] : SSHAddress(address)?.user ?? "git"
        return AppID(user: AppName.nearest(to: user), app: AppName.nearest(to: name))
    }
}

extension RepositoryRemote {
    /// Where the refs of a remote of command mode lie.
    init(command name: String, _ app: AppID, _ location: RepositoryLocation) throws(UserError) {
        do {
            self.init(
                address: try location.open().commonDirectory, location: location,
                namespace: "bim/cli/\(name)/\(app.user)/\(app.app)")
        } catch {
            throw error.userError
        }
    }
}

extension RemoteSettings {
    /// What images are made for where the other end does not say: `platform`, else what this machine runs.
    func platform() throws(UserError) -> PlatformDescription.Target {
        let found: (key: String, value: String)?
        do { found = try value("platform") } catch { throw error.userError }
        guard let found else { return .ofThisMachine }
        return try PlatformDescription.Target(found.value)
    }
}
