internal import Deployers
package import Diagnostics
internal import PlatformAPI

/// `git bim log`: the deployments of an app or of one environment, newest first.
package enum AppHistory {
    private struct Document: Encodable {
        let v = JSONShape.version
        let app: String
        let environment: String?
        let deployments: [Deployment]
        /// The releases of the environment that are kept; with an environment alone.
        let releases: [Release]?
    }

    package static func read(
        _ environment: String?, limit: Int, remote: String?, variables: [String: String]
    ) async throws(UserError) -> CommandOutput {
        let (api, app, _) = try await CommandRemote(remote, environment: variables).platform()
        var releases: [Release]?
        if let environment { releases = try await api.releases(of: environment) }
        let deployments = try await api.deployments(of: environment, limit: limit)
        let lines = deployments.map { line($0, live: releases?.first { $0.isLive }?.number) }
        return CommandOutput(
            lines.isEmpty ? "nothing was deployed yet" : lines.map(printable).joined(separator: "\n"),
            json: Document(
                app: app.description, environment: environment, deployments: deployments, releases: releases))
    }

    /// Time, environment, release or status, commit and message; why it failed behind it.
    private static func line(_ deployment: Deployment, live: Int?) -> String {
        let release = deployment.release.map { "release \($0)" } ?? deployment.status.rawValue
        let mark = deployment.release != nil && deployment.release == live ? " (live)" : ""
        let time = deployment.createdAt.prefix(19).replacing("T", with: " ")
        var line = "\(time)  \(deployment.environment)  \(release)\(mark)  \(deployment.commit.prefix(7))"
        if let message = deployment.message { line += "  \"\(message)\"" }
        if let failure = deployment.failure { line += "  \(failure.code.rawValue): \(failure.message)" }
        return line
    }
}
