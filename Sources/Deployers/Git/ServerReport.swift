internal import Diagnostics
internal import PlatformAPI
internal import Synchronization

/// What a git server says while it takes a push: report lines for us, and lines for people, which are shown as they come.
final class ServerReport: Sendable {
    private struct State {
        var end: Deployment?
        var problem: Problem?
    }

    private let reporter: any Reporter
    private let onEvent: @Sendable (DeploymentEvent) -> Void
    private let state = Mutex(State())
    private let said = Said()

    init(reporter: any Reporter, onEvent: @escaping @Sendable (DeploymentEvent) -> Void) {
        self.reporter = reporter
        self.onEvent = onEvent
    }

    /// The deployment as it ended.
    var end: Deployment? { state.withLock { $0.end } }
    var problem: Problem? { state.withLock { $0.problem } }
    /// What git and ssh themselves have said.
    var lines: [String] { said.lines }

    func said(_ text: String) -> Bool { lines.contains { $0.contains(text) } }

    /// Takes a line of `git send-pack`'s standard error.
    func receive(_ line: String) {
        guard line.hasPrefix("remote: ") || line == "remote:" else { return said.add(line) }
        let text = String(line.dropFirst(8).reversed().drop { $0 == " " }.reversed())
        switch ReportLine(text) {
        case .event(let event):
            if let deployment = event.deployment { state.withLock { $0.end = deployment } }
            onEvent(event)
        case .problem(let problem): state.withLock { $0.problem = problem }
        case .alive: break
        case nil: reporter.report(.output(text))
        }
    }
}
