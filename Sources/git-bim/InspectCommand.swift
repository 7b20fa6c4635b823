import ArgumentParser
import Diagnostics
import PushPipeline

/// `git bim inspect`: an artifact and its provenance.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Shows an artifact: its layers, how it is run, and its provenance.",
        discussion: """
            git bim inspect production            what is live there
            git bim inspect staging/42            a release's
            git bim inspect sha256:…, HEAD~1      what was deployed or built here under this digest, of this commit
            git bim inspect ghcr.io/acme/api@sha256:…   any artifact that you may read
            """)

    @Argument(help: "A digest, a reference, a commit, a release or an environment.")
    var what: String

    @OptionGroup var options: CommandOptions

    func run() async throws {
        try await ArtifactInspection.run(what, remote: options.remote, variables: ProcessEnvironment.current)
            .print(asJSON: options.json)
    }
}
