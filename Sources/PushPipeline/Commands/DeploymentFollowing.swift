internal import Deployers
internal import Diagnostics
internal import PlatformAPI

/// Waits for a deployment that a command has begun, and tells how it fares.
struct DeploymentFollowing: Sendable {
    /// What a command that deploys prints in the end.
    struct Document: Encodable, Sendable {
        let v = JSONShape.version
        let deployment: Deployment
    }

    let api: APIDeployer
    let reporter: any Reporter
    let liveRelease: Int?
    let liveCommit: String?

    /// - Returns: the live URL, or the deployment as JSON.
    /// - Throws: why it did not go live.
    func toTheEnd(_ begun: Deployment) async throws(UserError) -> CommandOutput {
        let story = DeploymentStory(reporter: reporter, liveRelease: liveRelease, liveCommit: liveCommit)
        reporter.report(.progress(.deploy, begun.environment))
        async let _ = signsOfLife()
        let ended = try await api.watch(begun.id, patience: nil, onEvent: story.hear) ?? begun
        try story.end(ended)
        return CommandOutput(ended.url ?? "release \(ended.release ?? 0) is live", json: Document(deployment: ended))
    }

    private func signsOfLife() async {
        while (try? await Task.sleep(for: .seconds(1))) != nil { reporter.report(.alive) }
    }
}
