internal import Diagnostics
internal import HTTPTransport
internal import PlatformAPI

/// The token that a platform is shown, and where it was found.
///
/// `BIM_TOKEN` is for one server alone: the one that `BIM_TOKEN_HOST` names, else `backend.im`; so no other remote, such as
/// one that somebody was told to clone, ever gets to see it. This machine itself counts as that server.
package struct PlatformToken: Sendable {
    private enum Source: Sendable {
        case variable
        case embedded(file: String)
        case entered
        case helper(GitCredential)
        case none(isVariableForAnother: Bool)
    }

    /// Whom `BIM_TOKEN` is for where `BIM_TOKEN_HOST` does not say it.
    private static let service = "backend.im"

    /// Nil where none was found.
    package let value: String?
    private let source: Source
    private let server: String
    private let url: String
    private let environment: [String: String]
    private let verdict = Verdict()

    /// The token of the embedded platform.
    init(embedded home: PlatformHome, app: String) {
        value = home.token()
        source = .embedded(file: home.tokenFile)
        server = "the platform on this machine"
        url = "bim::local/\(app)"
        environment = [:]
    }

    /// A token that the user has just given.
    init(entered token: String, for baseURL: String, _ app: AppID) {
        value = token
        source = .entered
        server = "'\(baseURL)'"
        url = "bim::\(baseURL)/\(app)"
        environment = [:]
    }

    /// Looks for the token of a platform: `BIM_TOKEN`, then git's credential helpers; nobody is asked.
    init(for baseURL: String, _ app: AppID, _ environment: [String: String]) async {
        server = "'\(baseURL)'"
        url = "bim::\(baseURL)/\(app)"
        self.environment = environment
        let variable = environment["BIM_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
        if let variable, Self.isVariable(environment, for: baseURL) {
            (value, source) = (variable, .variable)
        } else if let found = await GitCredential.fill(url: Self.address(baseURL, app), environment: environment) {
            (value, source) = (found.password, .helper(found))
        } else {
            (value, source) = (nil, .none(isVariableForAnother: variable != nil))
        }
    }

    /// The URL by which git knows a token.
    static func address(_ baseURL: String, _ app: AppID) -> String { "\(baseURL)/\(app).git" }

    private static func isVariable(_ environment: [String: String], for baseURL: String) -> Bool {
        let authority = baseURL.drop { $0 != "/" }.dropFirst(2)
        if let host = environment["BIM_TOKEN_HOST"], !host.isEmpty {
            return host.lowercased() == authority.lowercased()
        }
        return authority == service || authority.hasSuffix(".\(service)") || Loopback.contains(hostOf: baseURL)
    }

    /// Hears how the platform took the token, and tells a credential helper that it came from, once.
    func hasAnswered(_ status: Int) async {
        guard case .helper(let credential) = source, status == 401 || (200..<300).contains(status),
            await verdict.isFirst()
        else { return }
        await credential.report(isValid: status != 401, environment: environment)
    }

    /// What is told when the platform does not let this user in.
    ///
    /// - Parameter detail: what the platform itself said of it.
    func refusal(_ detail: String?) -> UserError {
        let said = detail.map { ": \($0)" } ?? ""
        let login = "git bim login \(url)"
        return switch source {
        case .variable:
            UserError(
                .unauthenticated, "\(server) does not take the token in BIM_TOKEN\(said)",
                hint: "export BIM_TOKEN=<a token that is valid>, or: unset BIM_TOKEN; \(login)")
        case .embedded(let file):
            UserError(
                .unauthenticated, "\(server) does not take the token in '\(file)'\(said)",
                hint: "git bim platform stop; git bim platform start")
        case .entered: UserError(.unauthenticated, "\(server) does not take this token\(said)", hint: login)
        case .helper(let credential):
            UserError(
                .unauthenticated,
                "\(server) does not take the token of '\(credential.username)' that git's credential helper kept\(said)",
                hint: login)
        case .none(isVariableForAnother: true):
            UserError(
                .unauthenticated,
                "\(server) wants a token, and the one in BIM_TOKEN is for '\(otherHost)' alone",
                hint:
                    "export BIM_TOKEN_HOST=\(url.split(separator: "/").dropFirst().first ?? "<host>") if it is for it, or "
                    + login)
        case .none: UserError(.unauthenticated, "\(server) wants a token, and none was found", hint: login)
        }
    }

    private var otherHost: String {
        environment["BIM_TOKEN_HOST"].flatMap { $0.isEmpty ? nil : $0 } ?? Self.service
    }

    /// Whether something has been said already.
    private actor Verdict {
        private var isGiven = false

        func isFirst() -> Bool {
            defer { isGiven = true }
            return !isGiven
        }
    }
}
