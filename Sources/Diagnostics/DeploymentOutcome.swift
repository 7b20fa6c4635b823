/// How one deployment ended, for whoever reads along by program.
package struct DeploymentOutcome: Sendable, Equatable {
    package let environment: String
    package let deployment: String
    /// Nil where it did not become healthy, or goes on.
    package let release: Int?
    package let url: String?
    package let commit: String
    /// What is live now: the commit, or the one before it.
    package let liveCommit: String?
    /// Where it stood in the end.
    package let phase: String?
    /// The last lines of a failed release.
    package let logTail: [String]

    package init(
        environment: String, deployment: String, release: Int?, url: String?, commit: String, liveCommit: String?,
        phase: String?, logTail: [String]
    ) {
        self.environment = environment
        self.deployment = deployment
        self.release = release
        self.url = url
        self.commit = commit
        self.liveCommit = liveCommit
        self.phase = phase
        self.logTail = logTail
    }
}
