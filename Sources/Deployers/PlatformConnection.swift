package import Diagnostics
package import PlatformAPI
internal import HTTPTransport
internal import ProcessRunner

/// An app on a platform that can be spoken to: where, and with which token.
package struct PlatformConnection: Sendable {
    /// Scheme, host and port.
    package let baseURL: String
    package let app: AppID
    /// Nil for a platform that wants none.
    package let token: String?
    /// Whether it is the embedded platform of this user.
    package let isEmbedded: Bool

    /// Whether the platform is reached without any network.
    package var isOnThisMachine: Bool {
        let authority = baseURL.drop { $0 != "/" }.drop { $0 == "/" }
        return Loopback.contains(
            authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" })
    }

    /// The app's git repository (git smart HTTP).
    package var gitURL: String { "\(baseURL)/\(app).git" }

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
            token = home.token()
            isEmbedded = true
        case .api(let baseURL, let app):
            self.baseURL = baseURL
            self.app = app
            token = await Self.token(for: baseURL, app, environment)
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

    /// `BIM_TOKEN`, then what git's credential helpers know; neither asks at the terminal.
    private static func token(for baseURL: String, _ app: AppID, _ environment: [String: String]) async -> String? {
        if let token = environment["BIM_TOKEN"], !token.isEmpty { return token }
        var variables = environment
        variables["GIT_TERMINAL_PROMPT"] = "0"
        variables["GIT_ASKPASS"] = "true"
        let command = Command("git", ["credential", "fill"], environment: variables)
        let answer = try? await command.capture(
            input: Array("url=\(baseURL)/\(app).git\n\n".utf8), limit: 65536, deadline: .seconds(30))
        guard let answer, answer.status.isSuccess else { return nil }
        let line = answer.text.split(separator: "\n").first { $0.hasPrefix("password=") }
        return line.map { String($0.dropFirst("password=".count)) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
