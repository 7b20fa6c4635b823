internal import Artifacts
internal import HTTPTransport

/// Requests to one registry: authorised as it asks, sent on as it says, tried again where that is safe.
///
/// Credentials go to the registry's own origin alone, wherever it sends a request.
struct RegistrySession: Sendable {
    private static let redirections = [301, 302, 303, 307, 308]
    /// The longest that one transfer of a blob may take.
    static let transferDeadline: Duration = .seconds(1800)

    let endpoint: RegistryEndpoint
    let repository: String
    private let transport: HTTPTransport
    private let authorization: Authorization

    enum Authorization: Sendable {
        /// Sent with every request, unasked.
        case fixed(String?)
        case source(TokenSource)
    }

    init(_ endpoint: RegistryEndpoint, repository: String, transport: HTTPTransport, authorization: Authorization) {
        self.endpoint = endpoint
        self.repository = repository
        self.transport = transport
        self.authorization = authorization
    }

    /// A session for which credentials are looked for when the registry asks.
    init(
        _ reference: ImageReference, environment: [String: String], transport: HTTPTransport,
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        let endpoint = RegistryEndpoint(host: reference.host, environment: environment)
        let source = TokenSource(
            endpoint, repository: reference.repository, transport: transport,
            search: CredentialSearch(environment: environment, warn: warn))
        self.init(endpoint, repository: reference.repository, transport: transport, authorization: .source(source))
    }

    /// The address of a path below the repository, such as `manifests/latest`.
    func url(_ path: String) -> String { "\(endpoint.baseURL)/v2/\(repository)/\(path)" }

    /// A request that may be made twice, and follows redirections.
    func read(_ method: String, _ path: String, accept: String? = nil) async throws -> Reply {
        var exchange = Exchange(method, url(path))
        if let accept { exchange.headers.append(("Accept", accept)) }
        let scope = TokenSource.Scope(repository, "pull")
        for _ in 0..<5 {
            let reply = try await send(exchange, scope, retry: .standard)
            guard let target = try redirection(reply, from: exchange.url) else { return reply }
            exchange.url = target
        }
        throw RegistryError.refused(host: endpoint.host, status: 310, message: "it sends readers around in circles")
    }

    /// Hands a blob over piece by piece.
    func download(_ path: String, _ onChunk: ([UInt8]) async throws -> Void) async throws {
        var exchange = Exchange("GET", url(path), deadline: Self.transferDeadline)
        let scope = TokenSource.Scope(repository, "pull")
        for _ in 0..<5 {
            let reply = try await authorized(exchange, scope) { exchange in
                try await transport.stream(exchange) { chunk in
                    try await onChunk(chunk)
                    return true
                }
            }
            if reply.status == 200 { return }
            guard let target = try redirection(reply, from: exchange.url) else { throw await error(reply) }
            exchange.url = target
        }
        throw RegistryError.refused(host: endpoint.host, status: 310, message: "it sends readers around in circles")
    }

    /// One request, with a token that covers the scope.
    func send(_ exchange: Exchange, _ scope: TokenSource.Scope, retry: RetryPolicy = .never) async throws -> Reply {
        try await authorized(exchange, scope) { try await transport.send($0, retry: retry) }
    }

    /// Sends with what is known; a challenge is answered and the request made again. A token may run out on the way.
    private func authorized(
        _ exchange: Exchange, _ scope: TokenSource.Scope, _ perform: (Exchange) async throws -> Reply
    ) async throws -> Reply {
        var exchange = exchange
        exchange.certificates = endpoint.certificates
        guard isOwn(exchange.url) else { return try await translating { try await perform(exchange) } }
        var header: String?
        switch authorization {
        case .fixed(let value):
            header = value
            // The platform's own registry is the platform.
            exchange.takesOwnHeaders = true
        case .source(let source): header = await source.header(for: scope)
        }
        let plain = exchange
        for attempt in 1... {
            exchange = plain
            if let header { exchange.headers.append(("Authorization", header)) }
            let reply = try await translating { try await perform(exchange) }
            guard reply.status == 401, attempt < 4, case .source(let source) = authorization else { return reply }
            header = try await source.answer(
                Challenge.all(reply.headers("WWW-Authenticate")), for: scope, refused: header)
        }
        throw CancellationError()
    }

    private func isOwn(_ url: String) -> Bool {
        guard let own = WebAddress(endpoint.baseURL), let address = WebAddress(url) else { return false }
        return own.hasOrigin(of: address)
    }

    private func redirection(_ reply: Reply, from url: String) throws -> String? {
        guard Self.redirections.contains(reply.status), let location = reply.header("Location") else { return nil }
        return try target(location, from: url)
    }

    /// Where the registry's `Location` leads.
    func target(_ location: String, from url: String) throws -> String {
        guard let address = WebAddress(url) else {
            throw RegistryError.refused(host: endpoint.host, status: 0, message: "'\(url)' is no address")
        }
        do {
            return try address.following(location).text
        } catch {
            throw RegistryError.refused(
                host: endpoint.host, status: 0, message: "its redirection is not followed: \(error.why)")
        }
    }
}

/// What failures mean.
extension RegistrySession {
    /// The registry's own form of errors (distribution-spec, "Error codes").
    private struct ErrorList: Decodable {
        struct Entry: Decodable {
            let code: String
            let message: String?
        }

        let errors: [Entry]
    }

    /// The code that the registry gave, such as `BLOB_UPLOAD_UNKNOWN`; nil when it spoke otherwise.
    static func code(_ reply: Reply) -> String? {
        (try? CanonicalJSON.decode(ErrorList.self, from: reply.body))?.errors.first?.code
    }

    func error(_ reply: Reply) async -> RegistryError {
        let entry = (try? CanonicalJSON.decode(ErrorList.self, from: reply.body))?.errors.first
        switch reply.status {
        case 401:
            if case .source(let source) = authorization { return await source.unauthorized() }
            return .tokenRefused(host: endpoint.host)
        case 403:
            return .denied(host: endpoint.host, repository: repository, message: entry.map { $0.message ?? $0.code })
        case 507: return .noSpace(host: endpoint.host)
        default:
            // Proxies speak HTML, and 429 is often plain text.
            let message = entry.map { $0.message.flatMap { $0.isEmpty ? nil : $0 } ?? $0.code } ?? "no reason given"
            return .refused(host: endpoint.host, status: reply.status, message: message)
        }
    }

    func translating<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let failure as TransportError {
            switch failure.kind {
            case .unreadableFile: throw RegistryError.unreadableLayer(path: failure.detail)
            case .privateAddress: throw RegistryError.privateAddress(host: endpoint.host)
            case .unreachable, .timedOut, .answerTooLarge, .unknownHost, .untrusted, .proxyRefused:
                throw RegistryError.unreachable(host: endpoint.host, detail: failure.description)
            }
        }
    }
}
