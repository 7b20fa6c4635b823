import ArgumentParser
import Diagnostics
import PushPipeline

/// `git bim create`: makes the app behind a remote.
struct CreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates the app of a remote on its platform; one that exists stays as it is.")

    @Argument(help: "The remote, or a URL; by default the one that git push takes, 'bim', or the only one of bim's.")
    var remote: String?

    func run() async throws {
        let app = try await AppCreation.create(remote: remote, environment: ProcessEnvironment.current)
        print("created \(app)")
    }
}
