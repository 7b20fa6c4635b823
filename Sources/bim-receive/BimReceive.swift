import ArgumentParser
import Diagnostics
import GitReceive

#if canImport(Glibc)
    import Glibc
#endif

/// `bim-receive`: the git hook of a server that deploys what is pushed to it.
@main
struct BimReceive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bim-receive",
        abstract: "Makes a git server deploy what is pushed to it, through a platform's API.",
        version: Diagnostics.version, subcommands: [Install.self, Uninstall.self, Hook.self])
}

struct Install: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Install the hook in a repository; run again, it takes new settings.")

    @Argument(help: "The repository, usually a bare one.", completion: .directory)
    var repository: String

    @Argument(
        help: "The app on its platform: https://<host>/<user>/<app>, or local/<app> for the platform of this user.")
    var platform: String

    @Option(help: "A file with the platform's token, readable for git's user alone.", completion: .file())
    var tokenFile: String?

    @Option(help: "The registry that pushers shall use, such as ghcr.io/acme/api, where a project names none.")
    var registry: String?

    func run() async throws {
        try await telling { () async throws(UserError) in
            let installer = ReceiveInstaller(
                folder: repository, environment: ProcessEnvironment.current,
                program: ProcessEnvironment.program(named: "bim-receive"))
            let done = try await installer.install(platform: platform, tokenFile: tokenFile, registry: registry)
            print("bim-receive: '\(repository)' deploys to \(done.app); the hook is \(done.hook)")
        }
    }
}

struct Uninstall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take the hook out of a repository; what is live stays live, and every ref stays.")

    @Argument(help: "The repository.", completion: .directory)
    var repository: String

    func run() async throws {
        try await telling { () async throws(UserError) in
            try await ReceiveInstaller(
                folder: repository, environment: ProcessEnvironment.current,
                program: ProcessEnvironment.program(named: "bim-receive")
            ).uninstall()
            print("bim-receive: '\(repository)' deploys nothing any more")
        }
    }
}

struct Hook: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What git runs as the hook proc-receive.", shouldDisplay: false)

    func run() async throws {
        throw ExitCode(await ReceiveHook.run(environment: ProcessEnvironment.current))
    }
}

/// Prints an error as all of bim's programs do, and exits with its status.
private func telling(_ body: () async throws(UserError) -> Void) async throws {
    do throws(UserError) {
        try await body()
    } catch {
        LineReporter(
            style: .detected(environment: ProcessEnvironment.current, verbosity: 1, progress: nil)
        ).report(.failure(error))
        throw ExitCode(error.code.exitStatus)
    }
}
