import ArgumentParser
import Diagnostics
import GitCore
import HookManager

/// `bim-hooks list`: the checks, who wants each, and what a run would do.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the checks of a commit and what a run would do with each.")

    @Option(help: "The commit.")
    var commit = "HEAD"

    @Flag(help: "Print JSON lines.")
    var json = false

    func run() throws {
        let environment = ProcessEnvironment.current
        let run = HookRun(
            environment: environment, folder: ".",
            reporter: LineReporter(style: .detected(environment: environment, verbosity: 1, progress: nil)),
            ask: { _ in nil })
        let checks = try run.checks(of: commit)
        if json { return print(try JSONLines.text(checks), terminator: "") }
        if checks.isEmpty { print("no checks; name them in bim.yml under hooks") }
        for check in checks {
            let state = check.reason.map { "\(check.state): \($0)" } ?? check.state
            print("\(check.hook)  \(check.name)  \(printable(check.command))  (\(check.origin); \(state))")
        }
    }
}

/// `bim-hooks validate`: whether the files that name checks are right.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Says whether bim.yml and bim.local.yml of this folder are right.")

    @Option(help: "Read bim.yml of this commit instead.")
    var commit: String?

    func run() throws {
        let location = RepositoryLocation(environment: ProcessEnvironment.current, folder: ".")
        for line in try ConfigurationCheck(location: location).run(revision: commit) { print(line) }
    }
}
