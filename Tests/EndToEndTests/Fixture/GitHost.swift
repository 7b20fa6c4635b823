import Foundation
import Glibc
import Testing

/// A git server of its own: Debian's sshd with its own keys, an agent and known hosts for its user, a registry, and the
/// sandbox's platform, to which the server's hook deploys.
struct GitHost {
    /// Whether the peers are there; in CI they must be.
    static let mayRun = Programs.areAvailable(
        "/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/ssh-agent", "/usr/bin/docker-registry", "/usr/bin/python3")

    let sandbox: Sandbox
    /// The bare repository on the server.
    let repository: String
    /// Where the registry listens.
    let registry: String
    private let processes: [ChildProcess]
    private let ssh: String

    init() async throws {
        sandbox = try Sandbox()
        ssh = "\(sandbox.root)/ssh"
        repository = "\(sandbox.root)/srv/acme/\(sandbox.app).git"
        try FileManager.default.createDirectory(
            atPath: ssh, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try await sandbox.git("init --quiet --bare -b main \(repository)").success()
        let (registryProcess, registryPort) = try await Self.startRegistry(sandbox)
        registry = "localhost:\(registryPort)"
        let agent = try await Self.startAgent(sandbox, ssh)
        let (sshd, port) = try await Self.startSSHD(sandbox, ssh)
        processes = [registryProcess, agent, sshd]
        try await configureClient(port)
    }

    /// The remote's address, by a name that ssh's configuration knows.
    func address(_ host: String = "gitserver") -> String { "bim::\(NSUserName())@\(host):\(repository)" }

    /// Starts the platform and makes the repository deploy to it.
    @discardableResult
    func installHook() async throws -> Finished {
        try await sandbox.git("bim platform start").success()
        let endpoint = try #require(sandbox.endpoint)
        let platform = "http://\(endpoint.host):\(endpoint.port)/local/\(sandbox.app)"
        try await sandbox.git(
            "bim create bim::\(platform)", in: repository, ["BIM_TOKEN": try #require(sandbox.token)]
        ).success()
        let token = "\(sandbox.root)/srv/token"
        try Data((try #require(sandbox.token) + "\n").utf8).write(to: URL(fileURLWithPath: token))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: token)
        return try await sandbox.run([
            "bim-receive", "install", repository, platform, "--token-file", token, "--registry",
            "\(registry)/acme/\(sandbox.app)",
        ]).success()
    }

    /// A project whose remote is this server.
    func project(_ host: String = "gitserver") async throws -> Project {
        try await Project(in: sandbox, remote: address(host))
    }

    /// What a ref of the server's repository is; empty when there is none.
    func stored(_ ref: String) async throws -> String {
        try await sandbox.git("-C \(repository) rev-parse --verify --quiet \(ref)").stdout.trimmingCharacters(
            in: .newlines)
    }

    /// The refs of the server's repository below a prefix.
    func refs(_ prefix: String) async throws -> [String] {
        try await sandbox.git("-C \(repository) for-each-ref --format=%(refname) \(prefix)").success().stdout
            .split(separator: "\n").map(String.init)
    }

    /// What the platform says is live in an environment.
    func status() async throws -> Project.Status {
        let text = try await sandbox.git("bim status --json bim::local/\(sandbox.app)", in: repository).success().stdout
        return try JSONDecoder().decode(Project.Status.self, from: Data(text.utf8))
    }

    /// Forgets the server's host key.
    func forgetHostKey() throws { try Data().write(to: URL(fileURLWithPath: "\(ssh)/known_hosts")) }

    /// Takes the key out of the agent.
    func removeKeys() async throws {
        try await sandbox.run(["ssh-add", "-q", "-D"], ["SSH_AUTH_SOCK": "\(ssh)/agent"]).success()
    }
}

/// Starting the peers.
extension GitHost {
    private static func startRegistry(_ sandbox: Sandbox) async throws -> (ChildProcess, String) {
        let file = "\(sandbox.root)/registry.yml"
        try Data(
            """
            version: 0.1
            log: {level: info, formatter: text}
            storage: {filesystem: {rootdirectory: \(sandbox.root)/registry}}
            http: {addr: "127.0.0.1:0"}

            """.utf8
        ).write(to: URL(fileURLWithPath: file))
        let process = try sandbox.start(["docker-registry", "serve", file])
        try await process.says("listening on 127.0.0.1:")
        let tail = try #require(process.stderr.components(separatedBy: "listening on 127.0.0.1:").last)
        return (process, String(tail.prefix { $0.isNumber }))
    }

    private static func startAgent(_ sandbox: Sandbox, _ ssh: String) async throws -> ChildProcess {
        let process = try sandbox.start(["ssh-agent", "-D", "-a", "\(ssh)/agent"])
        _ = try await eventually("the agent listens") { access("\(ssh)/agent", F_OK) == 0 ? true : nil }
        for name in ["key", "host"] {
            try await sandbox.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(ssh)/\(name)"]).success()
        }
        try await sandbox.run(["ssh-add", "-q", "\(ssh)/key"], ["SSH_AUTH_SOCK": "\(ssh)/agent"]).success()
        try FileManager.default.moveItem(atPath: "\(ssh)/key.pub", toPath: "\(ssh)/authorized_keys")
        // From here on the agent alone knows the key.
        try FileManager.default.removeItem(atPath: "\(ssh)/key")
        return process
    }

    private static func startSSHD(_ sandbox: Sandbox, _ ssh: String) async throws -> (ChildProcess, Int) {
        if geteuid() == 0 { mkdir("/run/sshd", 0o755) }
        let variables = sandbox.environment.map { "\"\($0.key)=\($0.value)\"" }.sorted().joined(separator: " ")
        for _ in 0..<20 {
            let port = Int.random(in: 20000..<32000)
            try Data(
                """
                Port \(port)
                ListenAddress 127.0.0.1
                HostKey \(ssh)/host
                PidFile none
                AuthorizedKeysFile \(ssh)/authorized_keys
                StrictModes no
                UsePAM no
                PasswordAuthentication no
                KbdInteractiveAuthentication no
                PermitRootLogin prohibit-password
                SetEnv \(variables)

                """.utf8
            ).write(to: URL(fileURLWithPath: "\(ssh)/sshd_config"))
            let process = try sandbox.start(["/usr/sbin/sshd", "-D", "-e", "-f", "\(ssh)/sshd_config"])
            let isUp = try await eventually("sshd listens or ends") {
                process.stderr.contains("Server listening on 127.0.0.1 port \(port)")
                    ? true
                    : process.isRunning ? nil : false
            }
            if isUp { return (process, port) }
            try #require(process.stderr.contains("in use"), "\(process.stderr)")
        }
        throw TimedOut(what: "sshd finds a free port", limit: .zero)
    }

    private func configureClient(_ port: Int) async throws {
        let hostKey = try String(contentsOfFile: "\(ssh)/host.pub", encoding: .utf8)
        try Data("gitserver \(hostKey)".utf8).write(to: URL(fileURLWithPath: "\(ssh)/known_hosts"))
        try Data(
            """
            Host gitserver behind
              HostName 127.0.0.1
              Port \(port)
              HostKeyAlias gitserver
              UserKnownHostsFile \(ssh)/known_hosts
              GlobalKnownHostsFile /dev/null
              StrictHostKeyChecking yes
              IdentityFile none
              IdentityAgent \(ssh)/agent
            Host behind
              ProxyJump gitserver

            """.utf8
        ).write(to: URL(fileURLWithPath: "\(ssh)/config"))
        try await sandbox.run(["git", "config", "--global", "core.sshCommand", "ssh -F \(ssh)/config"]).success()
    }
}
