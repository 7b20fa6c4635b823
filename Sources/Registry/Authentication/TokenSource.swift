internal import Artifacts
internal import FoundationEssentials
internal import HTTPTransport

/// The `Authorization` of one registry: found when it is first asked for, renewed when it is refused or runs out.
actor TokenSource {
    /// What is to be done to which repositories; one token covers it.
    struct Scope: Hashable, Sendable {
        /// `repository:<name>:<actions>`, sorted.
        let names: [String]

        /// - Parameter sources: repositories that blobs are taken over from.
        init(_ repository: String, _ actions: String, mountingFrom sources: [String] = []) {
            names = (["repository:\(repository):\(actions)"] + sources.map { "repository:\($0):pull" }).sorted()
        }
    }

    private struct Token {
        let header: String
        let expires: ContinuousClock.Instant
    }

    private enum Search {
        case notYet
        case done(FoundCredential?)
    }

    private let endpoint: RegistryEndpoint
    private let repository: String
    private let transport: HTTPTransport
    private let search: CredentialSearch?
    private var credential: Search = .notYet
    private var tokens: [Scope: Token] = [:]
    private var basic: String?
    /// Once refused, a name and password are not tried again: some registries lock an account after a few tries.
    private var refusal: RegistryError?
    private var renewals: [Scope: Task<String, any Error>] = [:]

    init(
        _ endpoint: RegistryEndpoint, repository: String, transport: HTTPTransport, search: CredentialSearch?
    ) {
        self.endpoint = endpoint
        self.repository = repository
        self.transport = transport
        self.search = search
    }

    /// What is known by now to be taken; nil before the registry has asked.
    func header(for scope: Scope) -> String? {
        if let basic { return basic }
        // A token that ends soon might end on the way.
        guard let token = tokens[scope], token.expires > .now + .seconds(5) else { return nil }
        return token.header
    }

    /// Answers a challenge.
    ///
    /// - Parameter refused: what the refused request carried; somebody else may have renewed it by now.
    /// - Throws: `RegistryError.unauthorized` when there is nothing, or nothing else, to answer with.
    func answer(_ challenges: [Challenge], for scope: Scope, refused: String?) async throws -> String {
        if let present = header(for: scope), present != refused { return present }
        if let running = renewals[scope] { return try await running.value }
        let renewal = Task { try await renew(challenges, scope, refused: refused) }
        renewals[scope] = renewal
        defer { renewals[scope] = nil }
        return try await withTaskCancellationHandler {
            try await renewal.value
        } onCancel: {
            renewal.cancel()
        }
    }

    private func renew(_ challenges: [Challenge], _ scope: Scope, refused: String?) async throws -> String {
        if let refusal { throw refusal }
        let found = await found()
        if case .bearer(let token)? = found?.credential {
            let header = "Bearer \(token)"
            guard header != refused else { throw unauthorized(found) }
            basic = header
            return header
        }
        if let bearer = challenges.first(where: { $0.scheme == "bearer" }) {
            let token = try await fetch(bearer, scope, found)
            tokens[scope] = token
            return token.header
        }
        guard challenges.contains(where: { $0.scheme == "basic" }), let header = found?.credential.basicHeader,
            header != refused
        else { throw refuse(found) }
        basic = header
        return header
    }

    private func found() async -> FoundCredential? {
        if case .done(let found) = credential { return found }
        let found = await search?.find(host: endpoint.host, repository: repository)
        credential = .done(found)
        return found
    }

    /// The error for what the registry does not take, whatever it said.
    func unauthorized() async -> RegistryError { unauthorized(await found()) }

    private func refuse(_ found: FoundCredential?) -> RegistryError {
        let error = unauthorized(found)
        refusal = error
        return error
    }

    private func unauthorized(_ found: FoundCredential?) -> RegistryError {
        .unauthorized(host: endpoint.host, user: found?.credential.user, source: found?.source)
    }
}

/// Tokens of a token server (distribution-spec's token authentication).
extension TokenSource {
    private struct Answer: Decodable {
        let token: String?
        let accessToken: String?
        let expiresIn: Int?

        enum CodingKeys: String, CodingKey {
            case token
            case accessToken = "access_token"
            case expiresIn = "expires_in"
        }
    }

    private func fetch(_ challenge: Challenge, _ scope: Scope, _ found: FoundCredential?) async throws -> Token {
        let realm = try realm(challenge)
        let reply: Reply
        do {
            reply = try await transport.send(question(realm, challenge.parameters["service"], scope, found?.credential))
        } catch let error as TransportError {
            throw RegistryError.unreachable(host: realm.host, detail: error.description)
        }
        if reply.status == 401 { throw refuse(found) }
        if (400...403).contains(reply.status) { throw unauthorized(found) }
        guard reply.status == 200, let answer = try? CanonicalJSON.decode(Answer.self, from: reply.body),
            let token = answer.token ?? answer.accessToken
        else {
            throw RegistryError.refused(
                host: realm.host, status: reply.status, message: "the token server gave no token")
        }
        // Without a word on it a token lives for a minute.
        let life = max(1, answer.expiresIn ?? 60)
        return Token(header: "Bearer \(token)", expires: .now + .seconds(life))
    }

    /// The token server: encrypted, unless the registry itself is not.
    private func realm(_ challenge: Challenge) throws -> WebAddress {
        guard let text = challenge.parameters["realm"], let own = WebAddress(endpoint.baseURL),
            let realm = WebAddress(text), realm.scheme == "https" || own.scheme == "http",
            realm.host == own.host || !realm.isPrivate
        else {
            throw RegistryError.refused(
                host: endpoint.host, status: 401, message: "it names a token server that nothing is sent to")
        }
        return realm
    }

    private func question(
        _ realm: WebAddress, _ service: String?, _ scope: Scope, _ credential: Credential?
    ) -> Exchange {
        var fields = service.map { [("service", $0)] } ?? []
        if case .identity(let token)? = credential {
            fields += [
                ("scope", scope.names.joined(separator: " ")), ("grant_type", "refresh_token"), ("client_id", "bim"),
                ("refresh_token", token),
            ]
            var exchange = Exchange(
                "POST", realm.text, headers: [("Content-Type", "application/x-www-form-urlencoded")],
                body: .bytes(Array(FormEncoding.encode(fields).utf8)))
            exchange.certificates = endpoint.certificates
            return exchange
        }
        fields += scope.names.map { ("scope", $0) }
        if let user = credential?.user { fields.append(("account", user)) }
        let mark = realm.text.contains("?") ? "&" : "?"
        var exchange = Exchange("GET", realm.text + mark + FormEncoding.encode(fields))
        if let header = credential?.basicHeader { exchange.headers.append(("Authorization", header)) }
        exchange.certificates = endpoint.certificates
        return exchange
    }
}

/// Names and values as forms and queries carry them (RFC 3986, 2.3: only unreserved characters as they are).
enum FormEncoding {
    static func encode(_ fields: [(String, String)]) -> String {
        fields.map { "\(escape($0))=\(escape($1))" }.joined(separator: "&")
    }

    static func escape(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
