import ArgumentParser
import Diagnostics
import PushPipeline

/// `git bim log`: the deployments.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Lists deployments, the newest first, with their releases and failures.")

    @Argument(help: "The environment; by default all.")
    var environment: String?

    @Option(name: [.customShort("n"), .customLong("max-count")], help: "How many, 1 to 100.")
    var limit = 20

    @OptionGroup var options: CommandOptions

    func run() async throws {
        try await AppHistory.read(
            environment, limit: limit, remote: options.remote, variables: ProcessEnvironment.current
        ).print(asJSON: options.json)
    }
}
