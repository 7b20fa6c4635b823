import ArgumentParser
import Diagnostics
import PushPipeline

/// `git bim status`: what is live, where, and how the last deployment ended.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows what is live in each environment.")

    @Argument(help: "The remote, or a URL; by default the one that git push takes, 'bim', or the only one of bim's.")
    var remote: String?

    @Flag(help: "Print JSON (docs/json.md) instead of a table.")
    var json = false

    func run() async throws {
        let status = try await AppStatus.read(remote: remote, environment: ProcessEnvironment.current)
        print(json ? try status.json() : status.table())
    }
}
