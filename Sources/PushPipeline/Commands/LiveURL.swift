internal import Deployers
package import Diagnostics
internal import PlatformAPI

/// `git bim open`: the live URL of an environment in the browser.
package enum LiveURL {
    private struct Document: Encodable {
        let v = JSONShape.version
        let app: String
        let environment: String
        let url: String
        /// Whether a browser was started.
        let opened: Bool
    }

    /// - Throws: `APP_NOT_FOUND` where nothing is live.
    package static func open(
        _ environment: String?, remote: String?, variables: [String: String]
    ) async throws(UserError) -> CommandOutput {
        let (api, app, _) = try await CommandRemote(remote, environment: variables).platform()
        let name = try await EnvironmentChoice.name(environment, api)
        guard let found = try await api.environments().first(where: { $0.name == name }), found.liveRelease != nil
        else {
            throw UserError(.appNotFound, "nothing is live in '\(name)'", hint: "git bim status")
        }
        let opened = Browser(environment: variables).open(found.url)
        return CommandOutput(
            found.url + (opened ? "" : "\nno browser was opened: there is none, or nobody sits before this machine"),
            json: Document(app: app.description, environment: name, url: found.url, opened: opened))
    }
}
