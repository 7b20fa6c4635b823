package import Diagnostics
package import PlatformAPI
internal import HTTPTransport

/// An app on a platform that can be spoken to: where, and with which token.
package struct PlatformConnection: Sendable {
    /// Scheme, host and port.
    package let baseURL: String
    package let app: AppID
    /// What the platform is shown, and where it was found.
    package let credential: PlatformToken
    /// Whether it is the embedded platform of this user.
    package let isEmbedded: Bool

    /// Whether the platform is reached without any network.
    package var isOnThisMachine: Bool { Loopback.contains(hostOf: baseURL) }

    /// Nil where none was found; the platform may want none.
    package var token: String? { credential.value }

    /// The app's git repository (git smart HTTP).
    package var gitURL: String { "\(baseURL)/\(app).git" }

    init(baseURL: String, app: AppID, credential: PlatformToken) {
        self.baseURL = baseURL
        self.app = app
        self.credential = credential
        isEmbedded = false
    }

    /// Finds the platform behind an address.
    ///
    /// - Parameter onStart: called before the embedded platform is started; nil leaves a stopped one stopped.
    /// - Throws: `PLATFORM_UNAVAILABLE`.
    package init(
        _ address: RemoteAddress, environment: [String: String], onStart: (@Sendable () -> Void)?
    ) async throws(UserError) {
        switch address {
        case .embedded(let app):
            let home = try PlatformHome(environment: environment)
            let platform = EmbeddedPlatform(home: home, environment: environment)
            let endpoint: PlatformHome.Endpoint
            if let onStart {
                endpoint = try await platform.ensureRunning(onStart: onStart)
            } else {
                endpoint = try await platform.requireRunning()
            }
            baseURL = endpoint.url
            self.app = AppID(user: "local", app: app)
            credential = PlatformToken(embedded: home, app: app)
            isEmbedded = true
        case .api(let baseURL, let app):
            self.baseURL = baseURL
            self.app = app
            credential = await PlatformToken(for: baseURL, app, environment)
            isEmbedded = false
        case .repository(let address):
            throw UserError(
                .configInvalid, "'\(address)' is a git repository, which tells nothing of what is live",
                hint: "git bim status <a remote with a platform>, or git log <remote>/main")
        case .command(let name, let app):
            throw UserError(
                .configInvalid, "'\(app)' is deployed by the command '\(name)', which tells nothing of what is live",
                hint: "git bim status <a remote with a platform>, or git log <remote>/main")
        }
    }
}
