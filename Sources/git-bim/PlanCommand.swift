import ArgumentParser
import Diagnostics
import PushPipeline

/// `git bim plan`: what a push would do.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows what a push would build, upload and replace; writes and starts nothing.",
        discussion: "The exit status is that of the code with which the push would be refused, else 0.")

    @Argument(help: "A branch, or what the branch that is checked out would become; by default that branch.")
    var revision: String?

    @Option(help: "Another environment than the branch stands for.")
    var to: String?

    @OptionGroup var options: CommandOptions

    func run() async throws {
        let forecast = try await PushForecast.make(
            revision, to: to, remote: options.remote, environment: ProcessEnvironment.current)
        try forecast.output.print(asJSON: options.json)
    }
}
