import ArgumentParser
import Diagnostics
import PushPipeline

/// `git bim watch`: follows deployments.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follows deployments as they come; with an id, one to its end.",
        discussion: "The exit status with an id is that of its code, and 75 where it goes on after --timeout.")

    @Argument(help: "A deployment's id, such as dpl_…, or an environment; by default all deployments.")
    var what: String?

    @Option(help: "How many seconds at most; with an id.")
    var timeout: Int?

    @OptionGroup var options: CommandOptions

    func run() async throws {
        let watch = DeploymentWatch(remote: options.remote, variables: ProcessEnvironment.current)
        if let what, what.hasPrefix("dpl_") {
            return try await watch.one(what, patience: timeout.map { .seconds($0) }).print(asJSON: options.json)
        }
        let json = options.json
        try await watch.all(of: what) { StandardOutput.write((json ? $0.json : $0.text) + "\n") }
    }
}
