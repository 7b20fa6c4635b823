import ArgumentParser
import Diagnostics
import PushPipeline

/// `git bim rollback`: back to an old release.
struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Makes an old release live again, with its artifact and its configuration; nothing is built.")

    @Argument(help: "The number of the release; by default the one before the live one.")
    var release: Int?

    @Option(help: "The environment; by default production, or the only one that there is.")
    var to: String?

    @Option(name: .shortAndLong, help: "Why; stands in the history.")
    var message: String?

    @Flag(help: "Run the release command of that release again.")
    var runReleaseCommand = false

    @OptionGroup var options: CommandOptions

    func run() async throws {
        try await Rollback(of: to, remote: options.remote, variables: ProcessEnvironment.current)
            .run(to: release, runsReleaseCommand: runReleaseCommand, message: message)
            .print(asJSON: options.json)
    }
}
