import ArgumentParser
import Diagnostics
import PushPipeline

/// `git bim build`: an artifact on its own.
struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Makes a commit's artifact, uploads it and prints its reference; nothing is deployed.",
        discussion: "'git bim deploy <digest> --to <environment>' deploys it then.")

    @Argument(help: "The commit; by default the one that is checked out.")
    var revision: String?

    @OptionGroup var options: CommandOptions

    func run() async throws {
        try await ArtifactBuild.run(revision, remote: options.remote, variables: ProcessEnvironment.current)
            .print(asJSON: options.json)
    }
}
