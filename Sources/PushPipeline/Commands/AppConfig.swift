internal import Deployers
package import Diagnostics
internal import PlatformAPI

/// `git bim config`: what an environment's releases find in their environment variables.
package struct AppConfig: Sendable {
    private let environment: String?
    private let remote: String?
    private let variables: [String: String]

    package init(of environment: String?, remote: String?, variables: [String: String]) {
        self.environment = environment
        self.remote = remote
        self.variables = variables
    }

    private struct Document: Encodable {
        let v = JSONShape.version
        let app: String
        let environment: String
        let config: [ConfigVariable]
        let deployment: Deployment?
    }

    /// A line for each variable; the values of secrets are known to the app alone.
    package func list() async throws(UserError) -> CommandOutput {
        let (api, app, _) = try await CommandRemote(remote, environment: variables).platform()
        let name = environment ?? "production"
        let config = try await api.config(of: name)
        let lines = config.map { "\($0.name)=\($0.secret ? "(secret)" : $0.value ?? "")" }
        return CommandOutput(
            lines.isEmpty ? "nothing is set for '\(name)'" : lines.map(printable).joined(separator: "\n"),
            json: Document(app: app.description, environment: name, config: config, deployment: nil))
    }

    /// Sets variables, and removes those without a value; waits until what is live has them.
    ///
    /// - Parameter isSecret: whether nobody can read the values again but the app.
    package func change(_ values: [String: String?], isSecret: Bool) async throws(UserError) -> CommandOutput {
        let (api, app, refs) = try await CommandRemote(remote, environment: variables).platform()
        let name = environment ?? "production"
        let patch = values.mapValues { value in value.map { ConfigValue(value: $0, secret: isSecret) } }
        let live = refs.first { $0.environment == name && $0.release != nil }
        let change = try await api.changeConfig(of: name, patch)
        let names = values.keys.sorted().joined(separator: ", ")
        guard let begun = change.deployment else {
            return CommandOutput(
                printable("\(names): kept for the first release of '\(name)'"),
                json: Document(app: app.description, environment: name, config: change.config, deployment: nil))
        }
        let reporter = LineReporter.forCommand(variables)
        reporter.report(.headline("\(app)  \(name)  \(begun.message ?? "Configure \(names)")"))
        return try await DeploymentFollowing(
            api: api, reporter: reporter, liveRelease: live?.release, liveCommit: live?.objectID
        ).toTheEnd(begun)
    }
}
