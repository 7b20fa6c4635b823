internal import Deployers
internal import Diagnostics
internal import GitCore
internal import PlatformAPI
internal import ProcessRunner
internal import RemoteHelper

/// A git repository as the other end of a remote, on this machine or behind ssh; git's own programs speak with it.
struct RepositoryRemote: Sendable {
    /// A path, or an address for ssh.
    let address: String
    let location: RepositoryLocation
    /// The namespace of git's that holds the remote's refs, where they lie among others (gitnamespaces).
    var namespace: String?

    /// What speaks with it.
    var server: GitServer {
        var environment = GitAccess(address: address).environment(location.environment)
        environment["GIT_NAMESPACE"] = namespace
        return namespace == nil
            ? GitServer(address, environment: environment, folder: location.folder)
            : GitServer(address, environment: environment, folder: location.folder, receivePack: Self.ownReceivePack)
    }

    /// A ref of a namespace is no branch that is checked out, and no push of the user's that hooks wait for.
    private static let ownReceivePack = """
        git -c receive.denyCurrentBranch=ignore -c receive.denyDeleteCurrent=ignore -c core.hooksPath=/dev/null \
        receive-pack
        """

    /// The refs that a push may change; nothing of bim's own, unless it is a plain repository that only keeps them.
    func refs(_ options: SessionOptions, policy: DeployPolicy) async throws(UserError) -> [RefRecord] {
        let refs = try await server.refs(receivePack: options.servicePath)
        return policy == .never ? refs : refs.filter { !$0.ref.hasPrefix("refs/bim/") }
    }

    /// Starts a service of git's at the repository, as git does, and hands the session over to it.
    ///
    /// - Returns: the exit status for git.
    func serve(_ service: String, _ options: SessionOptions, channel: GitChannel) async throws -> Int32 {
        var environment = CleanEnvironment.removingGitVariables(from: location.environment)
        environment["GIT_PROTOCOL"] = "version=\(protocolVersion)"
        environment["GIT_NAMESPACE"] = namespace
        let program = options.servicePath ?? service
        let command: Command
        if let ssh = SSHAddress(address) {
            command = try await SSHProgram(location).command(
                to: ssh, running: "\(program) \(Self.word(ssh.path))", family: options.family,
                environment: environment)
        } else {
            command = Command(
                "/bin/sh", ["-c", "\(program) \(Self.word(address))"], environment: environment,
                workingDirectory: location.folder)
        }
        channel.write([UInt8(ascii: "\n")])
        let (_, status) = try await command.converse(deadline: nil, errorOutput: .inherit) { git in
            var output = git.output.makeAsyncIterator()
            try await GitRelay.pass(channel, git, &output)
        }
        return status.isSuccess ? 0 : 128
    }

    /// As git quotes a path for the shell at the other end (`sq_quote_buf`).
    private static func word(_ path: String) -> String {
        "'" + path.replacing("'", with: "'\\''").replacing("!", with: "'\\!'") + "'"
    }

    private var protocolVersion: Int {
        (try? location.open().configuration().int("protocol.version")).flatMap(\.self) ?? 2
    }
}

/// Pushing.
extension RepositoryRemote {
    /// Sends ref updates in one connection; each is compared with the value that it was checked against.
    ///
    /// - Returns: the answer for each ref; one that is missing was not tried.
    func send(_ updates: [RefUpdate], _ options: PushOptions) async throws(UserError) -> [String: Answer] {
        var wishes = GitServer.SendOptions(options)
        wishes.dryRun = options.dryRun
        wishes.atomic = options.atomic
        wishes.pushOptions = options.pushOptions
        return try await server.send(updates.map(\.change), wishes).mapValues(Answer.init)
    }

    /// What became of one ref.
    enum Answer: Equatable {
        case ok
        case refused(RejectReason)

        init(_ answer: GitServer.Answer) {
            switch answer {
            case .ok: self = .ok
            case .upToDate: self = .refused(.upToDate)
            case .refused(let words):
                let text = Array(words.utf8)
                self = .refused(
                    RejectReason(gitText: String(decoding: CStyleQuoting.unquote(text) ?? text, as: UTF8.self)))
            }
        }
    }
}

extension GitServer.SendOptions {
    /// How much is to be seen, and what is to run at the other end.
    init(_ options: PushOptions) {
        self.init()
        verbosity = options.verbosity
        progress = options.progress
        receivePack = options.servicePath
    }
}
