import Subprocess
import SystemPackage

extension Command {
    /// Runs the program in the caller's place: its own terminal, session, standard output and standard error.
    ///
    /// Ctrl-C reaches it as it reaches the caller. When the calling task is canceled it gets SIGTERM, and SIGKILL five
    /// seconds later; what it left behind is its own business.
    ///
    /// - Parameter input: what it finds on its standard input; one that does not read it all is no error.
    package func runInForeground(input: [UInt8]) async throws(ProcessError) -> ExitStatus {
        var configuration = try configuration()
        configuration.platformOptions.createSession = false
        configuration.platformOptions.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
        do {
            let outcome = try await Subprocess.run(
                configuration, input: .inputWriter, output: .currentStandardOutput, error: .currentStandardError
            ) { execution in
                if !input.isEmpty { _ = try? await execution.standardInputWriter.write(input) }
                try? await execution.standardInputWriter.finish()
            }
            return ExitStatus(outcome.terminationStatus)
        } catch let error as SubprocessError {
            throw ProcessError(.launchFailed, command: name, detail: error.systemMessage)
        } catch {
            throw ProcessError(.canceled, command: name)
        }
    }
}
