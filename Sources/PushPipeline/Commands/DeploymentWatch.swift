package import Diagnostics
internal import Deployers
internal import PlatformAPI

/// `git bim watch`: follows deployments as they come, or one to its end.
package struct DeploymentWatch: Sendable {
    private let remote: String?
    private let variables: [String: String]

    /// How often is looked whether somebody has begun another deployment.
    private static let pause = Duration.seconds(1)

    package init(remote: String?, variables: [String: String]) {
        self.remote = remote
        self.variables = variables
    }

    /// Follows one deployment.
    ///
    /// - Parameter patience: how long at most; nil until it is over.
    /// - Throws: why it did not go live, and `PLATFORM_UNAVAILABLE`'s status 75 where it goes on.
    package func one(_ id: String, patience: Duration?) async throws(UserError) -> CommandOutput {
        let (api, app, refs) = try await CommandRemote(remote, environment: variables).platform()
        let begun = try await api.deployment(id)
        let live = refs.first { $0.environment == begun.environment && $0.release != nil }
        let reporter = LineReporter.forCommand(variables)
        let story = DeploymentStory(reporter: reporter, liveRelease: live?.release, liveCommit: live?.objectID)
        reporter.report(.headline("\(app)  \(begun.environment)  \(begun.commit.prefix(7)) \"\(begun.message ?? "")\""))
        guard let ended = try await api.watch(id, patience: patience, onEvent: story.hear) else {
            var output = CommandOutput(
                "the deployment \(id) goes on", json: DeploymentFollowing.Document(deployment: begun))
            output.exitStatus = ErrorCode.platformUnavailable.exitStatus
            return output
        }
        try story.end(ended)
        return CommandOutput(
            ended.url ?? "release \(ended.release ?? 0) is live", json: DeploymentFollowing.Document(deployment: ended))
    }

    /// Hands over what every deployment does from now on, until the task is canceled.
    ///
    /// - Parameter environment: only those to this one.
    package func all(
        of environment: String?, onOutput: @escaping @Sendable (CommandOutput) -> Void
    ) async throws(UserError) {
        let (api, _, _) = try await CommandRemote(remote, environment: variables).platform()
        var known = Set(try await api.deployments(of: environment, limit: 100).filter(\.status.isFinal).map(\.id))
        while !Task.isCancelled {
            for deployment in try await api.deployments(of: environment, limit: 20).reversed()
            where known.insert(deployment.id).inserted {
                try await follow(deployment, api, onOutput)
            }
            try? await Task.sleep(for: Self.pause)
        }
    }

    private struct Line: Encodable {
        let v = JSONShape.version
        let deployment: String
        let environment: String
        let commit: String
        let event: DeploymentEvent
    }

    private func follow(
        _ deployment: Deployment, _ api: APIDeployer, _ onOutput: @escaping @Sendable (CommandOutput) -> Void
    ) async throws(UserError) {
        let head = "\(deployment.environment)  \(deployment.commit.prefix(7))"
        _ = try await api.watch(deployment.id, patience: nil) { event in
            if event.type == .probe || event.type == .progress { return }
            var end = event.type == .log ? "| \(event.message)" : event.message
            if let url = event.deployment?.url, event.deployment?.status == .healthy { end += "  \(url)" }
            if let code = event.deployment?.failure?.code { end += " (\(code.rawValue))" }
            onOutput(
                CommandOutput(
                    printable("\(event.time.prefix(19).replacing("T", with: " "))  \(head)  \(end)"),
                    json: Line(
                        deployment: deployment.id, environment: deployment.environment, commit: deployment.commit,
                        event: event)))
        }
    }
}
