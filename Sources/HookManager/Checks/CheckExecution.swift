internal import Diagnostics
internal import Glibc
internal import ProcessRunner
internal import ProjectConfig
internal import Workspaces

/// One run of one check's command.
struct CheckExecution: Sendable {
    let check: Check
    let hook: String
    /// What git gave the hook, as `$1`, `$2` …
    let arguments: [String]
    let folder: String
    let environment: [String: String]
    let log: CommandLog
    /// Gets the output while it is written; nil keeps it for the end.
    let stream: (any Reporter)?

    /// How it ended.
    enum Ending: Sendable, Equatable {
        case passed
        case failed(reason: String)
        case timedOut(reason: String)
        case interrupted
    }

    /// Runs it to its end, or to its time's end, and leaves no process behind.
    func run() async -> (ending: Ending, duration: Duration) {
        let began = ContinuousClock.now
        let leftovers = Leftovers()
        var variables = environment.merging(check.environment) { $1 }
        variables[Leftovers.variable] = leftovers.mark
        let command = Command(
            "/bin/sh", ["-c", check.run, hook] + arguments, environment: variables, workingDirectory: folder)
        let ending = await end(of: command, leftovers)
        await leftovers.end()
        log.flush()
        return (ending, ContinuousClock.now - began)
    }

    private func end(of command: Command, _ leftovers: Leftovers) async -> Ending {
        let limit = Duration.seconds(check.timeoutSeconds)
        do {
            let status = try await command.streamMerged(deadline: limit, onStart: leftovers.lead(by:)) {
                [log, stream] line in
                log.add(line)
                stream?.report(.output(line))
            }
            switch status {
            case .exited(0): return .passed
            case .exited(let code): return .failed(reason: "exited with status \(code)")
            case .signaled(let number): return .failed(reason: "was ended by signal \(number)")
            }
        } catch let error as ProcessError {
            switch error.kind {
            case .timedOut: return .timedOut(reason: "did not end within \(limit.short)")
            case .canceled: return .interrupted
            default: return .failed(reason: "could not be run: \(error.detail)")
            }
        } catch is CancellationError {
            return .interrupted
        } catch {
            return .failed(reason: "could not be run: \(error)")
        }
    }
}
