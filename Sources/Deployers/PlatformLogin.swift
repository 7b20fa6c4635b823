package import Diagnostics
package import HTTPTransport
package import PlatformAPI

/// Gives the token of a platform to git's credential helpers, which keep it where the user has chosen.
package struct PlatformLogin: Sendable {
    private let baseURL: String
    private let app: AppID
    private let environment: [String: String]

    /// - Throws: `CONFIG_INVALID` for a remote that takes no token.
    package init(_ address: RemoteAddress, environment: [String: String]) throws(UserError) {
        guard case .api(let baseURL, let app) = address else {
            throw UserError(
                .configInvalid, "only a remote with a platform's API takes a token",
                hint: "git bim login bim::https://<host>/<user>/<app>")
        }
        self.baseURL = baseURL
        self.app = app
        self.environment = environment
    }

    /// Shows the token to the platform, and stores it when it is taken.
    ///
    /// - Returns: whom the token stands for.
    /// - Throws: `UNAUTHENTICATED` for a token that is not taken, `CONFIG_INVALID` where no credential helper keeps it.
    package func store(_ token: String, transport: HTTPTransport) async throws(UserError) -> Identity {
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw UserError(
                .unauthenticated, "a token is one word of printable characters", hint: "paste it again, without spaces")
        }
        let connection = PlatformConnection(
            baseURL: baseURL, app: app, credential: PlatformToken(entered: token, for: baseURL, app))
        let identity = try await APIDeployer(connection, transport: transport).identity()
        await GitCredential.store(
            url: url, username: identity.user, password: token, environment: environment)
        guard await GitCredential.fill(url: url, environment: environment)?.password == token else {
            throw UserError(
                .configInvalid, "the platform takes the token, and no credential helper of git keeps it",
                hint: "git config --global credential.helper store (in a file) or cache (for a while), and log in again"
            )
        }
        return identity
    }

    /// Takes the token from the helpers.
    ///
    /// - Returns: whether there was one.
    package func forget() async -> Bool {
        guard await GitCredential.fill(url: url, environment: environment) != nil else { return false }
        await GitCredential.forget(url: url, environment: environment)
        return true
    }

    /// Where the token is for, as people know it.
    package var place: String { baseURL }

    private var url: String { PlatformToken.address(baseURL, app) }
}
