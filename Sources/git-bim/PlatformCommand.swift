import ArgumentParser
import Deployers
import Diagnostics
import PlatformAPI

/// `git bim platform`: the embedded platform of this user.
struct PlatformCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "platform", abstract: "Controls the platform on this machine that 'bim::local/<app>' remotes use.",
        subcommands: [Status.self, Start.self, Stop.self], defaultSubcommand: Status.self)

    private static func platform() throws -> (EmbeddedPlatform, PlatformHome) {
        let environment = ProcessEnvironment.current
        let home = try PlatformHome(environment: environment)
        return (EmbeddedPlatform(home: home, environment: environment), home)
    }

    /// Says whether it runs; the exit status is 3 when it does not.
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Says whether the platform runs, and where.")

        func run() async throws {
            let (platform, home) = try PlatformCommand.platform()
            switch await platform.state() {
            case .running(let endpoint):
                print("running  \(endpoint.url)  (process \(endpoint.processID))")
                print("data     \(home.folder)")
                print("log      \(home.logFile)")
            case .stopped:
                print("stopped  a push to a 'bim::local/<app>' remote starts it")
                throw ExitCode(3)
            }
        }
    }

    /// Starts it with its live releases.
    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Starts the platform and the releases that are live on it.")

        @Option(help: "The port of its API; 0 takes one that is free.")
        var port = 0

        @Flag(help: "Put the copy of the ledger in the place of a damaged one.")
        var restoreLedger = false

        func validate() throws {
            guard (0...65535).contains(port) else { throw ValidationError("a port is a number from 0 to 65535") }
        }

        func run() async throws {
            let (platform, _) = try PlatformCommand.platform()
            let endpoint = try await platform.ensureRunning(port: port, restoreLedger: restoreLedger)
            guard port == 0 || endpoint.url.hasSuffix(":\(port)") else {
                throw UserError(
                    .configInvalid, "the platform runs already, at \(endpoint.url)",
                    hint: "git bim platform stop, then start it again with --port \(port)")
            }
            print("running  \(endpoint.url)  (process \(endpoint.processID))")
        }
    }

    /// Stops it and every app on it; one that does not run is no error.
    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Stops the platform and every app on it.")

        func run() async throws {
            let (platform, _) = try PlatformCommand.platform()
            let reporter = LineReporter(
                style: .detected(environment: ProcessEnvironment.current, verbosity: 1, progress: nil))
            let stopped = try await platform.stop {
                reporter.report(.notice("the apps are still ending, after \($0.short)"))
            }
            print(stopped ? "stopped" : "it does not run")
        }
    }
}
