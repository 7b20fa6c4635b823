internal import Deployers
package import Diagnostics
internal import PlatformAPI

/// `git bim webhook`: who is told how the deployments of an environment end.
package struct AppWebhook: Sendable {
    private let environment: String
    private let remote: String?
    private let variables: [String: String]

    package init(of environment: String?, remote: String?, variables: [String: String]) {
        self.environment = environment ?? "production"
        self.remote = remote
        self.variables = variables
    }

    private struct Document: Encodable {
        let v = JSONShape.version
        let app: String
        let environment: String
        let webhook: Webhook?
    }

    /// The URL, and what became of the last message.
    package func show() async throws(UserError) -> CommandOutput {
        let (api, app, _) = try await CommandRemote(remote, environment: variables).platform()
        let webhook = try await api.webhook(of: environment)
        guard let last = webhook.last else { return output(webhook.url, app, webhook) }
        let tries = last.attempts == 1 ? "1 try" : "\(last.attempts) tries"
        let fate = last.delivered ? "was told" : "was not told"
        return output("\(webhook.url)\n\(fate) of \(last.deployment): \(last.outcome), \(tries)", app, webhook)
    }

    /// Gives the environment a webhook in the place of an earlier one.
    ///
    /// - Parameter secret: asked for when the platform is known; the platform tells it to nobody.
    package func set(
        _ url: String, secret: () throws(UserError) -> String
    ) async throws(UserError) -> CommandOutput {
        let (api, app, _) = try await CommandRemote(remote, environment: variables).platform()
        let webhook = try await api.setWebhook(of: environment, WebhookRequest(url: url, secret: try secret()))
        return output("\(webhook.url) is told how deployments to '\(environment)' end", app, webhook)
    }

    package func remove() async throws(UserError) -> CommandOutput {
        let (api, app, _) = try await CommandRemote(remote, environment: variables).platform()
        try await api.removeWebhook(of: environment)
        return output("nobody is told any more how deployments to '\(environment)' end", app, nil)
    }

    private func output(_ text: String, _ app: some CustomStringConvertible, _ webhook: Webhook?) -> CommandOutput {
        CommandOutput(
            text.split(separator: "\n").map { printable($0) }.joined(separator: "\n"),
            json: Document(app: app.description, environment: environment, webhook: webhook))
    }
}
