import ArgumentParser
import Diagnostics
import HookManager

/// `bim-hooks doctor`: who owns which hook, and why one does not run.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Explains who owns which hook, and why one does not run.",
        discussion: "The exit status is 1 when something keeps a hook from running.")

    @Flag(help: "Print JSON lines.")
    var json = false

    func run() async throws {
        let findings = try await HookDoctor(environment: ProcessEnvironment.current, folder: ".").examine()
        if json {
            print(try JSONLines.text(findings), terminator: "")
        } else {
            for finding in findings {
                print("\(finding.level == .problem ? "!" : " ") \(finding.text)")
                if let hint = finding.hint { print("  hint: \(hint)") }
            }
        }
        if findings.contains(where: { $0.level == .problem }) { throw ExitCode(1) }
    }
}
