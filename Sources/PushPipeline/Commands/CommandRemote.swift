internal import Deployers
internal import Diagnostics
internal import GitCore
internal import HTTPTransport
internal import PlatformAPI
internal import ProcessRunner
internal import RemoteHelper

/// The remote that a command speaks of, the repository it is called in, and what stands behind the address.
struct CommandRemote: Sendable {
    let address: RemoteAddress
    let location: RepositoryLocation
    let transport: HTTPTransport
    private let given: String?
    private let url: String

    /// - Parameter remote: a name or a URL; nil chooses as `git bim status` does.
    init(_ remote: String?, environment: [String: String]) async throws(UserError) {
        given = remote
        url = try await RemoteChoice(environment: environment).address(of: remote)
        address = try RemoteAddress(url)
        location = RepositoryLocation(environment: environment, folder: ".")
        let isEmbedded = if case .embedded = address { true } else { false }
        transport = HTTPTransport(
            trace: Trace(environment: environment),
            settings: isEmbedded ? nil : GitHTTPSettings(environment: environment))
    }

    /// What `git push` calls the remote.
    func name() async throws(UserError) -> String {
        if let given { return given }
        let names: [String]
        do { names = try location.open().configuration().remotes().map(\.name) } catch { throw error.userError }
        for name in ["bim"] + names where names.contains(name) {
            let choice = RemoteChoice(environment: location.environment)
            if (try? await choice.address(of: name)) == url { return name }
        }
        return url
    }

    /// Lets the remote-tracking branches say what is live now, as a push does; where there are none, nothing happens.
    func followTracking() async {
        guard let name = try? await name(), !name.hasPrefix("bim:") else { return }
        _ = try? await Command("git", ["fetch", "--quiet", name], environment: location.environment)
            .capture(deadline: .seconds(120))
    }

    /// The platform; one on this machine that is stopped stays so, unless something is to be done there.
    func connection(starting: Bool = false, _ reporter: (any Reporter)? = nil) async throws(UserError)
        -> PlatformConnection
    {
        let environment = location.environment
        guard starting else { return try await PlatformConnection(address, environment: environment, onStart: nil) }
        return try await PlatformConnection(address, environment: environment) {
            reporter?.report(.notice("starting the platform on this machine"))
        }
    }

    /// The other end of a push, for who only looks: a platform on this machine that is stopped stays so.
    func target() async throws(UserError) -> DeployTarget {
        if let stopped = try await StoppedPlatform(address, location: location) { return stopped.target }
        return try await target(SilentReporter(), starting: false)
    }

    /// The other end of a push.
    ///
    /// - Parameter starting: whether the platform on this machine is started.
    func target(_ reporter: any Reporter, starting: Bool = true) async throws(UserError) -> DeployTarget {
        let settings = RemoteSettings(remote: try await name(), location: location)
        switch address {
        case .repository(let address):
            return try await DeployTarget(
                server: RepositoryRemote(address: address, location: location), settings, PushOptions(),
                reporter: reporter)
        case .command(let name, let app):
            return try DeployTarget(command: name, app, settings, reporter: reporter)
        case .embedded, .api:
            return DeployTarget(
                try await connection(starting: starting, reporter), location: location, transport: transport)
        }
    }

    /// What can be asked of an app that exists.
    func platform() async throws(UserError) -> (api: APIDeployer, app: AppID, refs: [RefRecord]) {
        let connection = try await connection()
        let api = APIDeployer(connection, transport: transport)
        guard let refs = try await api.refs() else { throw api.noApp }
        return (api, connection.app, refs)
    }

    /// What a push of these refs would work with.
    func batch(
        _ target: DeployTarget, reporter: any Reporter
    ) async throws(UserError) -> PushBatchRun {
        let settings = RemoteSettings(remote: try await name(), location: location)
        let known: [String: ObjectID]
        do throws(GitError) { known = try location.open().references() } catch { throw error.userError }
        return PushBatchRun(
            local: LocalRefs(location: location, known: known), target: target, settings: settings,
            policy: try DeployPolicy(settings), transport: transport, reporter: reporter)
    }
}

/// Reports to nobody, for commands that only look.
struct SilentReporter: Reporter {
    func report(_ event: Event) {}
}

extension LineReporter {
    /// Tells a command's progress as a push does.
    static func forCommand(_ environment: [String: String]) -> LineReporter {
        LineReporter(style: .detected(environment: environment, verbosity: 1, progress: nil))
    }
}
