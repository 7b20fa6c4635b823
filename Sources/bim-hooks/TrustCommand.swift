import ArgumentParser
import Diagnostics
import GitCore
import HookManager

/// `bim-hooks trust`: agrees to the checks of a commit.
struct TrustCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Lets the checks of a commit that came from elsewhere run on this machine.")

    @Argument(help: "The commit.")
    var revision = "HEAD"

    func run() throws {
        let location = RepositoryLocation(environment: ProcessEnvironment.current, folder: ".")
        let commands = try TrustGrant.trust(revision, at: location)
        print(
            commands.isEmpty
                ? "the commit has no checks"
                : commands.map { "trusted: \(printable($0))" }.joined(separator: "\n"))
    }
}
