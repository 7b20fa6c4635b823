internal import Diagnostics
internal import HTTPTransport
internal import HTTPTypes
internal import Hummingbird
internal import PlatformAPI

/// `…/environments/{environment}/webhook`: who is told how deployments end.
struct WebhookRoutes: Sendable {
    /// Bytes of a URL.
    private static let longestURL = 2048

    let ledger: Ledger
    /// Where messages may go.
    let reach: Reach

    func add(to router: some RouterMethods<PlatformContext>) {
        let base = "/v1/apps/{user}/{app}/environments/{environment}/webhook"
        router.get("\(base)") { _, context in try json(try await webhook(of: try await environment(context))) }
        router.put("\(base)") { request, context in try await set(request, try await environment(context)) }
        router.delete("\(base)") { _, context in
            let environment = try await environment(context)
            guard try await ledger.removeWebhook(of: environment) else { throw Self.none(environment) }
            return Response(status: .noContent)
        }
    }

    /// An environment may have its webhook before its first deployment; its app must exist.
    private func environment(_ context: PlatformContext) async throws -> EnvironmentID {
        let environment = try context.environment()
        guard try await ledger.app(environment.app) != nil else { throw Problem.appNotFound(environment.app) }
        guard AppID.isValidName(environment.name) else { throw Problem.noEnvironment(environment) }
        return environment
    }

    private func webhook(of environment: EnvironmentID) async throws -> Webhook {
        guard let webhook = try await ledger.webhook(of: environment) else { throw Self.none(environment) }
        return webhook
    }

    private static func none(_ environment: EnvironmentID) -> Problem {
        Problem(
            .appNotFound, status: 404, "'\(environment.name)' of '\(environment.app)' has no webhook",
            hint: "git bim webhook set <url> --env \(environment.name)")
    }

    private func set(_ request: Request, _ environment: EnvironmentID) async throws -> Response {
        var request = request
        let wanted = try await decode(WebhookRequest.self, from: &request)
        try validate(wanted.url)
        guard WebhookKey(wanted.secret) != nil else {
            throw Problem.invalid(
                "the secret of a webhook has \(WebhookKey.length.lowerBound) to \(WebhookKey.length.upperBound) bytes",
                hint: "echo \"whsec_$(openssl rand -base64 32)\"  makes one")
        }
        try await ledger.setWebhook(of: environment, to: WebhookTarget(url: wanted.url, secret: wanted.secret))
        return try json(try await webhook(of: environment))
    }

    /// No message repeats a URL: it may be a secret.
    func validate(_ url: String) throws {
        let host = Loopback.host(of: url).lowercased()
        guard url.utf8.count <= Self.longestURL, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !host.isEmpty,
            url.hasPrefix("https://") || url.hasPrefix("http://") && Loopback.contains(host)
        else {
            throw Problem.invalid(
                "the URL of a webhook begins with 'https://', or leads to this machine with 'http://'",
                hint: "git bim webhook set https://<host>/<path>")
        }
        guard !url.dropFirst(8).prefix(while: { !"/?#".contains($0) }).contains("@") else {
            throw Problem.invalid("the URL of a webhook has no user and no password; its messages are signed")
        }
        guard reach.isFree(url) || !Loopback.contains(host) && PrivateAddress.contains(host: host) != true else {
            throw Problem.invalid("the URL of a webhook does not lead to an address of a private network")
        }
    }
}
