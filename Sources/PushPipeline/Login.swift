internal import Deployers
package import Diagnostics
internal import HTTPTransport
internal import PlatformAPI

/// Logging in to the platform behind a remote, and out.
package enum Login {
    /// Stores a token that the platform takes.
    ///
    /// - Parameter token: asks for it, once it is known what for.
    /// - Returns: one sentence for the user.
    package static func login(
        remote: String?, environment: [String: String],
        token: (_ place: String) throws(UserError) -> String
    ) async throws(UserError) -> String {
        let login = try await self.login(remote, environment)
        let text = try token(login.place)
        let identity = try await login.store(
            text, transport: HTTPTransport(settings: GitHTTPSettings(environment: environment)))
        return "logged in to \(login.place) as '\(identity.user)'"
    }

    /// Takes the stored token away.
    ///
    /// - Returns: one sentence for the user.
    package static func logout(remote: String?, environment: [String: String]) async throws(UserError) -> String {
        let login = try await self.login(remote, environment)
        return await login.forget()
            ? "logged out of \(login.place)" : "no credential helper keeps a token for \(login.place)"
    }

    private static func login(
        _ remote: String?, _ environment: [String: String]
    ) async throws(UserError) -> PlatformLogin {
        // A URL without `bim::`, as it is copied from a browser, means the same here.
        let typed = remote.flatMap { $0.hasPrefix("https://") || $0.hasPrefix("http://") ? $0 : nil }
        let address =
            if let typed { typed } else { try await RemoteChoice(environment: environment).address(of: remote) }
        return try PlatformLogin(RemoteAddress(address), environment: environment)
    }
}
