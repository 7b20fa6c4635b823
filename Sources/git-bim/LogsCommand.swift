import ArgumentParser
import Deployers
import Diagnostics
import PushPipeline

/// `git bim logs`: what the app prints.
struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Shows what an environment's processes have printed.")

    @Argument(help: "The environment; by default production, or the only one that there is.")
    var environment: String?

    @Flag(name: .shortAndLong, help: "Wait for the lines that come.")
    var follow = false

    @Option(name: [.customShort("n"), .long], help: "How many of the lines that are there, at most 10000.")
    var lines = 100

    @Option(help: "Only one process type; 'release' is the release command, 'bim' the platform.")
    var process: String?

    @Option(help: "Only lines since this time, such as 2030-01-02T03:04:05.000Z.")
    var since: String?

    @OptionGroup var options: CommandOptions

    func validate() throws {
        let words = [process, since].compactMap(\.self).joined()
        guard words.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"&#%?+".utf8.contains($0) }) else {
            throw ValidationError("'\(words)' is neither a process type nor a time")
        }
    }

    func run() async throws {
        var query = LogQuery()
        (query.lines, query.follows, query.process, query.since) = (lines, follow, process, since)
        let json = options.json
        try await AppLogs.read(
            environment, query, remote: options.remote, variables: ProcessEnvironment.current
        ) { line in StandardOutput.write((json ? line.json : line.text) + "\n") }
    }
}
