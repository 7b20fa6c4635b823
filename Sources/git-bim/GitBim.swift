import ArgumentParser
import Diagnostics
import PushPipeline

#if canImport(Glibc)
    import Glibc
#endif

/// `git bim`: everything that is not a push.
@main
struct GitBim: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "git-bim",
        abstract: "Looks after the apps that 'git push' deploys.",
        usage: "git bim <command>",
        version: Diagnostics.version,
        subcommands: [
            InitCommand.self, PlanCommand.self, DeployCommand.self, BuildCommand.self, InspectCommand.self,
            StatusCommand.self,
            LogCommand.self, LogsCommand.self, WatchCommand.self, OpenCommand.self, RollbackCommand.self,
            ConfigCommand.self, WebhookCommand.self, ExplainCommand.self, CreateCommand.self, LoginCommand.self,
            LogoutCommand.self, PlatformCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as UserError {
            if CommandLine.arguments.contains("--json") { print(error.document) }
            let environment = ProcessEnvironment.current
            LineReporter(style: .detected(environment: environment, verbosity: 1, progress: nil)).report(
                .fatal(error))
            Glibc.exit(error.code.exitStatus)
        } catch {
            let status = exitCode(for: error)
            // Usage errors have status 2 here.
            if status == .validationFailure {
                LineReporter.toStandardError(fullMessage(for: error) + "\n")
                Glibc.exit(2)
            }
            exit(withError: error)
        }
    }
}
