import ArgumentParser
import Diagnostics
import HookManager
import ProcessRunner

#if canImport(Glibc)
    import Glibc
#endif

/// `bim-hooks`: runs a project's checks on exactly the commit that is pushed.
@main
struct BimHooks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bim-hooks",
        abstract: "Runs a project's checks before a push, on exactly the commit that is pushed.",
        discussion: """
            The checks stand in bim.yml under 'hooks'; the exit status is 10 when one fails.
            Shell completion: bim-hooks --generate-completion-script bash (or zsh, fish).
            """,
        version: Diagnostics.version,
        subcommands: [
            InstallCommand.self, UninstallCommand.self, DoctorCommand.self, RunCommand.self, ListCommand.self,
            ValidateCommand.self, TrustCommand.self,
        ])

    static func main() async {
        do {
            try await EndingSignals.canceling {
                let words = CommandLine.arguments.dropFirst()
                if words.first == "hook" { return try await HookEntry.run(words.dropFirst()) }
                var command = try parseAsRoot()
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
            }
        } catch let error as UserError {
            LineReporter(style: .detected(environment: ProcessEnvironment.current, verbosity: 1, progress: nil))
                .report(.fatal(error))
            Glibc.exit(error.code.exitStatus)
        } catch {
            // Usage errors have status 2 here, as in git bim.
            if exitCode(for: error) == .validationFailure {
                LineReporter.toStandardError(fullMessage(for: error) + "\n")
                Glibc.exit(2)
            }
            exit(withError: error)
        }
    }
}
