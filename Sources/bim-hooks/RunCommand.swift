import ArgumentParser
import Diagnostics
import GitCore
import HookManager

#if canImport(Glibc)
    import Glibc
#endif

/// `bim-hooks run`: what the hook script calls, and what a person calls by hand.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs the checks of a hook.",
        discussion: """
            As a hook: 'bim-hooks run pre-push <remote> <url>' with git's lines on standard input.
            By hand: 'bim-hooks run' checks HEAD, 'bim-hooks run --commit <revision>' another commit.
            """)

    @Argument(help: "The hook whose checks run.")
    var hook = "pre-push"

    @Argument(help: "What git gives the hook: the remote's name and URL.")
    var hookArguments: [String] = []

    @Option(help: "Check this commit.")
    var commit: String?

    @Option(help: "Run this check alone; may be repeated.")
    var only: [String] = []

    @Flag(help: "Run what has passed before, too.")
    var fresh = false

    @Flag(help: "Print the outcomes as JSON lines on standard output.")
    var json = false

    func validate() throws {
        guard hook == "pre-push" else { throw ValidationError("only the pre-push hook is run by this version") }
        guard [0, 2].contains(hookArguments.count) else {
            throw ValidationError("git gives the pre-push hook two arguments: the remote's name and its URL")
        }
    }

    func run() async throws {
        let environment = ProcessEnvironment.current
        var options = HookOptions()
        options.only = only
        options.fresh = fresh
        let checks = HookRun(
            environment: environment, folder: ".",
            reporter: LineReporter(style: .detected(environment: environment, verbosity: 1, progress: nil)),
            options: options, ask: { _ in nil })
        let report: HookReport
        if hookArguments.count == 2, commit == nil {
            report = try await checks.prePush(
                remote: hookArguments[0], url: hookArguments[1], input: Self.standardInput())
        } else {
            report = try await checks.run(hook: hook, revision: commit ?? "HEAD")
        }
        if json { print(report.jsonLines(), terminator: "") }
        if let failure = report.failure { throw failure }
    }

    /// git's lines, one for each ref.
    private static func standardInput() -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count <= 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}

/// `bim-hooks trust`: agrees to the checks of a commit.
struct TrustCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Lets the checks of a commit that came from elsewhere run on this machine.")

    @Argument(help: "The commit.")
    var revision = "HEAD"

    func run() throws {
        let location = RepositoryLocation(environment: ProcessEnvironment.current, folder: ".")
        let commands = try TrustGrant.trust(revision, at: location)
        print(commands.isEmpty ? "the commit has no checks" : commands.map { "trusted: \($0)" }.joined(separator: "\n"))
    }
}
