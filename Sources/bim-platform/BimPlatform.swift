import ArgumentParser
import Diagnostics
import Platform
import PlatformAPI

#if canImport(Glibc)
    import Glibc
#endif

/// `bim-platform`: the Backend.im-compatible platform on this machine.
@main
struct BimPlatform: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bim-platform",
        abstract: "Runs apps on this machine and speaks the Backend.im deploy API.",
        discussion: """
            'git push' to a 'bim::local/<app>' remote starts it by itself; 'git bim platform' controls it.
            It listens on loopback, keeps its data in $XDG_DATA_HOME/bim/platform and stops at SIGTERM.
            """,
        version: Diagnostics.version)

    @Option(help: "The port of the API; 0 takes one that is free.")
    var port = 0

    @Flag(help: "Put the copy of the ledger in the place of a damaged one.")
    var restoreLedger = false

    @Flag(help: "Stay beside the platform and start it again when it is killed.")
    var keepAlive = false

    @Option(
        name: .customLong("allow-registry"),
        help: ArgumentHelp(
            "A host, with or without its port, from which artifacts may come though it leads to a private network; may be repeated.",
            discussion: "Counts for a platform that listens for others; one on loopback goes anywhere.",
            valueName: "host"))
    var allowedRegistries: [String] = []

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("a port is a number from 0 to 65535") }
    }

    func run() async throws {
        let environment = ProcessEnvironment.current
        do {
            let home = try PlatformHome(environment: environment)
            if keepAlive { throw ExitCode(try supervise(home, environment)) }
            let server = PlatformServer(
                home: home,
                options: .init(
                    port: port, restoresLedger: restoreLedger, allowedRegistries: allowedRegistries),
                environment: environment)
            try await server.run { endpoint in print("bim-platform: listening on \(endpoint.url)") }
        } catch let error as UserError {
            LineReporter(style: .detected(environment: environment, verbosity: 1, progress: nil)).report(
                .failure(error))
            throw ExitCode(error.code.exitStatus)
        }
    }

    private func supervise(_ home: PlatformHome, _ environment: [String: String]) throws(UserError) -> Int32 {
        try PlatformSupervisor(
            program: ProcessEnvironment.programPath ?? "bim-platform",
            arguments: ["--port", String(port)] + allowedRegistries.flatMap { ["--allow-registry", $0] },
            // A second restoration would put a copy in the place of what the first one brought back.
            firstArguments: restoreLedger ? ["--restore-ledger"] : [], home: home, environment: environment
        ).run()
    }
}
