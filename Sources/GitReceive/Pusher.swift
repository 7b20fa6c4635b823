internal import Deployers
internal import Diagnostics
internal import PlatformAPI
internal import Synchronization

/// Who waits at the other end of the connection: a bim that reads report lines, or a person before plain git.
final class Pusher: Sendable {
    private let readsReports = Mutex(false)
    private let sideband = Sideband()

    func speaksReports(_ value: Bool) { readsReports.withLock { $0 = value } }

    func tell(_ event: DeploymentEvent) {
        if readsReports.withLock({ $0 }) {
            var event = event
            event.deployment = event.deployment?.shortened
            return sideband.write(ReportLine.event(event).text + "\n")
        }
        switch event.type {
        case .status, .notice: say(event.message)
        case .log where event.phase == DeploymentPhase.releasing.rawValue: say("| " + event.message)
        case .end:
            for line in event.deployment?.failure?.logTail.suffix(20) ?? [] { say("| " + line) }
            if let url = event.deployment?.url, event.deployment?.status == .healthy { say("live " + url) }
        case .log, .progress, .probe: break
        }
    }

    func tell(_ error: UserError) {
        if readsReports.withLock({ $0 }) {
            let problem = Problem(error.code, status: 0, error.message, hint: error.hint)
            sideband.write(ReportLine.problem(problem).text + "\n")
        } else {
            say("error: \(error.message)")
            if let hint = error.hint { say("hint: \(hint)") }
        }
    }

    /// A line for a person.
    func say(_ text: String) { sideband.write(printable(text) + "\n") }

    /// Whether somebody still listens; asked once a second, it costs a bim at the other end nothing.
    func isThere() -> Bool {
        if readsReports.withLock({ $0 }) { sideband.write(ReportLine.alive.text + "\n") }
        return sideband.isRead()
    }
}

extension Deployment {
    /// With no more of its failure than one line of a report holds.
    var shortened: Deployment {
        var short = self
        short.failure?.logTail = (failure?.logTail ?? []).suffix(20).map { String($0.prefix(300)) }
        short.failure?.probes = Array((failure?.probes ?? []).suffix(10))
        short.message = message.map { String($0.prefix(500)) }
        return short
    }
}
