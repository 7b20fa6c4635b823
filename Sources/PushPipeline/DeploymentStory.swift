internal import Diagnostics
internal import PlatformAPI

/// Tells how a deployment fares while it is under way, and how it has ended.
struct DeploymentStory: Sendable {
    let reporter: any Reporter
    /// What serves until the new release does.
    let liveRelease: Int?
    let liveCommit: String?
    private let probes = ProbeCount()
    private let began = ContinuousClock.now

    init(reporter: any Reporter, liveRelease: Int?, liveCommit: String?) {
        self.reporter = reporter
        self.liveRelease = liveRelease
        self.liveCommit = liveCommit
    }

    /// Takes an event of the deployment.
    @Sendable func hear(_ event: DeploymentEvent) {
        switch event.type {
        case .probe: probes.increment()
        case .status, .progress: reporter.report(.progress(.deploy, event.message))
        case .notice: reporter.report(.notice(event.message))
        case .log where event.phase == DeploymentPhase.releasing.rawValue: reporter.report(.output(event.message))
        case .log, .end: break
        }
    }

    /// Says how it stands.
    ///
    /// - Throws: why it did not go live; the last lines of its log are told.
    func end(_ deployment: Deployment) throws(UserError) {
        let duration = ContinuousClock.now - began
        report(deployment)
        if deployment.isHandedOver {
            let text =
                "handed over with \(deployment.artifact.reference); the other side does not tell what becomes of it"
            return reporter.report(.finished(.deploy, text, duration))
        }
        guard deployment.status.isFinal else {
            let text =
                "deployment \(deployment.id) goes on, and is not waited for; git bim watch \(deployment.id) tells how it ends"
            return reporter.report(.finished(.deploy, text, duration))
        }
        guard deployment.status == .healthy else { throw failure(of: deployment, after: duration) }
        let count = probes.value
        let health = count == 0 ? "running" : "healthy after \(count) \(count == 1 ? "probe" : "probes")"
        let text = deployment.release.map { "release \($0), \(health)" } ?? "done"
        reporter.report(.finished(.deploy, text, duration))
    }

    private func report(_ deployment: Deployment) {
        let isLive = deployment.status == .healthy
        reporter.report(
            .outcome(
                DeploymentOutcome(
                    environment: deployment.environment, deployment: deployment.id, release: deployment.release,
                    url: deployment.url, commit: deployment.commit,
                    liveCommit: isLive ? deployment.commit : liveCommit,
                    phase: isLive ? "live" : deployment.failure?.phase ?? deployment.phase,
                    logTail: deployment.failure?.logTail ?? [])))
    }

    /// Prints what is known of a failed deployment: the reason, then the last lines of the log.
    private func failure(of deployment: Deployment, after duration: Duration) -> UserError {
        guard let failure = deployment.failure else {
            return UserError(.internal, "the deployment ended as '\(deployment.status.rawValue)' without a reason")
        }
        reporter.report(.finished(.deploy, failure.message, duration))
        // A release command's lines were shown when they came.
        if failure.phase != DeploymentPhase.releasing.rawValue {
            for line in failure.logTail.suffix(20) { reporter.report(.output(line)) }
        }
        // A platform that cannot run or reach anything may not reach that one either.
        let live = failure.code == .platformUnavailable ? nil : liveRelease.map { "release \($0) is still live" }
        let hints = [failure.hint, live].compactMap(\.self)
        return UserError(failure.code, failure.message, hint: hints.isEmpty ? nil : hints.joined(separator: "; "))
    }
}
