internal import Deployers
internal import Diagnostics
internal import GitCore
internal import ProcessRunner
internal import ProjectConfig
internal import RemoteHelper

/// The ssh of the user's choice, started as git starts it: `GIT_SSH_COMMAND`, `core.sshCommand`, `GIT_SSH`, `ssh`; what
/// options it knows says `GIT_SSH_VARIANT`, `ssh.variant` or its name (`git_connect` in git's `connect.c`).
struct SSHProgram: Sendable {
    /// Which options the program understands.
    enum Variant: String {
        case ssh, plink, putty, tortoiseplink
        /// None but a host and a command.
        case simple
    }

    private let location: RepositoryLocation
    /// A command for a shell, or the name of a program.
    private let text: String
    private let isShellCommand: Bool
    private let wish: String?

    init(_ location: RepositoryLocation) throws(UserError) {
        self.location = location
        let configuration: Configuration
        do { configuration = try location.open().configuration() } catch { throw error.userError }
        let shell = location.environment["GIT_SSH_COMMAND"] ?? configuration.string("core.sshCommand")
        text = shell ?? location.environment["GIT_SSH"] ?? "ssh"
        isShellCommand = shell != nil
        wish = location.environment["GIT_SSH_VARIANT"] ?? configuration.string("ssh.variant")
    }

    /// - Throws: `CONFIG_INVALID` for a port or an address family that the program has no option for.
    func command(
        to address: SSHAddress, running remote: String, family: SessionOptions.AddressFamily,
        environment: [String: String]
    ) async throws(UserError) -> Command {
        let variant = await variant(address, environment)
        if variant == .simple, address.port != nil || family != .all {
            throw UserError(
                .configInvalid, "the ssh program '\(text)' is not known to take a port or an address family",
                hint: "git config ssh.variant ssh")
        }
        return command(
            Self.options(variant, address, family, environment) + [address.destination, remote], environment)
    }

    static func options(
        _ variant: Variant, _ address: SSHAddress, _ family: SessionOptions.AddressFamily,
        _ environment: [String: String]
    ) -> [String] {
        var options: [String] = []
        if variant == .ssh, environment["GIT_PROTOCOL"].map({ $0 != "version=0" }) == true {
            options += ["-o", "SendEnv=GIT_PROTOCOL"]
        }
        switch family {
        case .all: break
        case .ipv4: options.append("-4")
        case .ipv6: options.append("-6")
        }
        if variant == .tortoiseplink { options.append("-batch") }
        if let port = address.port { options += [variant == .ssh ? "-p" : "-P", port] }
        return options
    }

    private func command(_ arguments: [String], _ environment: [String: String]) -> Command {
        let program = isShellCommand ? "/bin/sh" : text
        let words = isShellCommand ? ["-c", "\(text) \"$@\"", text] + arguments : arguments
        return Command(
            program, words, environment: environment, workingDirectory: location.folder, keepsTerminal: true)
    }

    private func variant(_ address: SSHAddress, _ environment: [String: String]) async -> Variant {
        if let wish, wish != "auto", let variant = Variant(rawValue: wish) { return variant }
        let name = Self.programName(text, isShellCommand: isShellCommand)
        switch name.hasSuffix(".exe") ? String(name.dropLast(4)) : name {
        case "ssh": return .ssh
        case "plink": return .plink
        case "tortoiseplink": return .tortoiseplink
        default: break
        }
        // OpenSSH prints its configuration with -G; what does not is taken for a program without options.
        let question = command(["-G"] + Self.options(.ssh, address, .all, environment) + [address.host], environment)
        let answer = try? await question.capture(deadline: .seconds(30))
        return answer?.status.isSuccess == true ? .ssh : .simple
    }

    /// The file name of the program that a command starts.
    static func programName(_ text: String, isShellCommand: Bool) -> String {
        let program = isShellCommand ? text.split(separator: " ").first.map(String.init) ?? "" : text
        return program.split(separator: "/").last.map { $0.lowercased() } ?? ""
    }
}
