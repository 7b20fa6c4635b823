import ArgumentParser
import Diagnostics
import FoundationEssentials
import HookManager

/// `bim-hooks run`: the same checks by hand and in CI.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs the checks of a hook.",
        discussion: """
            'bim-hooks run' checks HEAD as a push would, 'bim-hooks run --commit <revision>' another commit.
            'bim-hooks run pre-commit' checks what is in the index.
            """)

    @Argument(help: "The hook whose checks run.", completion: .list(HookNames.all))
    var hook = "pre-push"

    @Argument(help: "What git gives the hook.")
    var hookArguments: [String] = []

    @Option(help: "Check this commit.", completion: .shellCommand("git for-each-ref --format='%(refname:short)'"))
    var commit: String?

    @Option(
        help: "Run this check alone; may be repeated.",
        completion: .shellCommand("bim-hooks list 2>/dev/null | awk -F'  ' '{print $2}'"))
    var only: [String] = []

    @Flag(help: "Run checks although their files, branches or remotes do not ask for it.")
    var all = false

    @Flag(help: "Run what has passed before, too.")
    var fresh = false

    @Option(help: "The most checks of one group that run at the same time.")
    var jobs: Int?

    @Flag(help: "Print the outcomes as JSON lines on standard output.")
    var json = false

    @Option(help: "Write the outcomes to this file as JUnit XML.", completion: .file(extensions: ["xml"]))
    var junit: String?

    func validate() throws {
        guard HookNames.all.contains(hook) else {
            throw ValidationError("git has no client hook '\(hook)'; it has \(HookNames.all.joined(separator: ", "))")
        }
        if hook == "pre-push" && !hookArguments.isEmpty {
            throw ValidationError(
                "by hand pre-push takes no arguments; a script that gives some is older than this program: remove it, "
                    + "then run 'bim-hooks install'")
        }
        if let jobs, jobs < 1 { throw ValidationError("--jobs needs a number above 0") }
    }

    func run() async throws {
        let environment = ProcessEnvironment.current
        var options = HookOptions()
        options.only = only
        options.all = all
        options.fresh = fresh
        options.jobs = jobs
        let checks = HookRun(
            environment: environment, folder: ".",
            reporter: LineReporter(style: .detected(environment: environment, verbosity: 1, progress: nil)),
            options: options, ask: TerminalQuestion.mayRun)
        let report = try await report(checks)
        if let junit { try write(report.junit(), to: junit) }
        if json { print(report.jsonLines(), terminator: "") }
        if let failure = report.failure { throw failure }
    }

    private func report(_ checks: HookRun) async throws -> HookReport {
        if let commit { return try await checks.run(hook: hook, revision: commit) }
        switch hook {
        case "pre-push": return try await checks.run(hook: hook, revision: "HEAD")
        case "pre-commit", "pre-merge-commit": return try await checks.runOnIndex(hook: hook)
        default: return try await checks.runInFolder(hook: hook, arguments: hookArguments)
        }
    }

    private func write(_ text: String, to file: String) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: file))
        } catch {
            throw UserError(
                .configInvalid, "'\(file)' cannot be written", hint: "name a file in a folder that is there",
                cause: error)
        }
    }
}
