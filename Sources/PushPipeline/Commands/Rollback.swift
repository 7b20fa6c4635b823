internal import Deployers
package import Diagnostics
internal import PlatformAPI

/// `git bim rollback`: an old release becomes live again, without a build.
package struct Rollback: Sendable {
    private let environment: String?
    private let remote: String?
    private let variables: [String: String]

    package init(of environment: String?, remote: String?, variables: [String: String]) {
        self.environment = environment
        self.remote = remote
        self.variables = variables
    }

    /// Goes back and waits until the old release is live.
    ///
    /// - Parameter release: nil is the one before the live one.
    package func run(
        to release: Int?, runsReleaseCommand: Bool, message: String?
    ) async throws(UserError) -> CommandOutput {
        let remote = try await CommandRemote(remote, environment: variables)
        let (api, app, refs) = try await remote.platform()
        let name = try await EnvironmentChoice.name(environment, api)
        let live = refs.first { $0.environment == name && $0.release != nil }
        let reporter = LineReporter.forCommand(variables)
        let begun = try await api.rollBack(
            name,
            RollbackRequest(
                release: release, runReleaseCommand: runsReleaseCommand ? true : nil, message: message,
                client: "git-bim/\(Diagnostics.version)"))
        reporter.report(.headline("\(app)  \(name)  \(begun.message ?? "Roll back"), of \(begun.commit.prefix(7))"))
        let output = try await DeploymentFollowing(
            api: api, reporter: reporter, liveRelease: live?.release, liveCommit: live?.objectID
        ).toTheEnd(begun)
        await remote.followTracking()
        return output
    }
}
