internal import Deployers
internal import Diagnostics
internal import PlatformAPI
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// Who waits at the other end of the connection: a bim that reads report lines, or a person before plain git.
final class Pusher: Sendable {
    private let readsReports = Mutex(false)
    private let write: @Sendable (String) -> Bool

    /// - Parameter write: hands over whole lines; false when nobody takes them any more.
    init(write: @escaping @Sendable (String) -> Bool = Pusher.toStandardError) {
        self.write = write
    }

    func speaksReports(_ value: Bool) { readsReports.withLock { $0 = value } }

    func tell(_ event: DeploymentEvent) {
        if readsReports.withLock({ $0 }) {
            var event = event
            event.deployment = event.deployment?.shortened
            _ = write(ReportLine.event(event).text + "\n")
            return
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
            _ = write(ReportLine.problem(Problem(error.code, status: 0, error.message, hint: error.hint)).text + "\n")
        } else {
            say("error: \(error.message)")
            if let hint = error.hint { say("hint: \(hint)") }
        }
    }

    /// A line for a person.
    func say(_ text: String) { _ = write(printable(text) + "\n") }

    /// Whether somebody still listens; costs a bim at the other end nothing.
    func isThere() -> Bool { readsReports.withLock { $0 } ? write(ReportLine.alive.text + "\n") : true }

    @Sendable static func toStandardError(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return false }
        }
        return true
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
