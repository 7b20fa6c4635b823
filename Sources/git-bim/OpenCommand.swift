import ArgumentParser
import Diagnostics
import PushPipeline

/// `git bim open`: the live URL in the browser.
struct OpenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "Prints an environment's live URL and opens it in the browser; over ssh and in CI it prints it alone."
    )

    @Argument(help: "The environment; by default production, or the only one that there is.")
    var environment: String?

    @OptionGroup var options: CommandOptions

    func run() async throws {
        try await LiveURL.open(environment, remote: options.remote, variables: ProcessEnvironment.current)
            .print(asJSON: options.json)
    }
}
