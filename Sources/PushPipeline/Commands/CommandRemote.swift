internal import Deployers
internal import Diagnostics
internal import GitCore
internal import HTTPTransport
internal import PlatformAPI
internal import ProcessRunner

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
        transport = HTTPTransport(trace: Trace(environment: environment))
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
