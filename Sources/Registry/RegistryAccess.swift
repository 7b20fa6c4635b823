internal import Artifacts
internal import HTTPTransport

/// Reading access to one repository, with the token that the registry's challenge asks for (distribution token spec).
struct RegistryAccess: Sendable {
    private let reference: ImageReference
    private let transport: HTTPTransport
    private let token: String?

    /// Asks the registry for a token where it wants one; nobody's credentials are sent.
    init(_ reference: ImageReference, transport: HTTPTransport) async throws {
        self.reference = reference
        self.transport = transport
        let reply = try await Self.send(transport, reference, Exchange("GET", "\(reference.baseURL)/v2/"))
        guard reply.status == 401, let challenge = reply.header("WWW-Authenticate"),
            let url = Self.tokenURL(challenge, reference)
        else {
            token = nil
            return
        }
        let answer = try await Self.send(transport, reference, Exchange("GET", url))
        guard answer.status == 200, let found = try? CanonicalJSON.decode(Token.self, from: answer.body) else {
            throw RegistryError.unauthorized(host: reference.host)
        }
        token = found.token ?? found.accessToken
    }

    private struct Token: Decodable {
        let token: String?
        let accessToken: String?

        enum CodingKeys: String, CodingKey {
            case token
            case accessToken = "access_token"
        }
    }

    /// `Bearer realm="…",service="…"` as the address of a token for reading.
    private static func tokenURL(_ challenge: String, _ reference: ImageReference) -> String? {
        guard challenge.lowercased().hasPrefix("bearer ") else { return nil }
        var values: [String: String] = [:]
        for part in challenge.dropFirst(7).split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            if pair.count == 2 {
                values[pair[0].filter { $0 != " " }.lowercased()] = pair[1].filter { $0 != "\"" }
            }
        }
        guard let realm = values["realm"], realm.hasPrefix("https://") || reference.baseURL.hasPrefix("http://") else {
            return nil
        }
        let service = values["service"].map { "service=\($0)&" } ?? ""
        return "\(realm)?\(service)scope=repository:\(reference.repository):pull"
    }

    /// A manifest or a small blob.
    func get(_ path: String, accept: String?) async throws -> Reply {
        var exchange = self.exchange(path)
        if let accept { exchange.headers.append(("Accept", accept)) }
        let reply = try await Self.send(transport, reference, exchange)
        if reply.status == 401 || reply.status == 403 { throw RegistryError.unauthorized(host: reference.host) }
        guard let elsewhere = Self.redirection(reply) else { return reply }
        return try await Self.send(transport, reference, Exchange("GET", elsewhere))
    }

    /// Hands a blob over piece by piece. A redirection is followed once, without the token.
    func download(_ path: String, _ onChunk: ([UInt8]) async throws -> Void) async throws {
        var exchange = self.exchange(path)
        exchange.deadline = .seconds(1800)
        for _ in 0..<2 {
            let reply = try await stream(exchange, onChunk)
            if reply.status == 200 { return }
            guard let elsewhere = Self.redirection(reply) else {
                throw RegistryError.refused(
                    host: reference.host, status: reply.status, message: "the layer is not there")
            }
            exchange = Exchange("GET", elsewhere, deadline: .seconds(1800))
        }
        throw RegistryError.refused(host: reference.host, status: 307, message: "the layer is always elsewhere")
    }

    private func stream(_ exchange: Exchange, _ onChunk: ([UInt8]) async throws -> Void) async throws -> Reply {
        do {
            return try await transport.stream(exchange) { chunk in
                try await onChunk(chunk)
                return true
            }
        } catch let error as TransportError {
            throw RegistryError.unreachable(host: reference.host, detail: error.description)
        }
    }

    private func exchange(_ path: String) -> Exchange {
        Exchange(
            "GET", "\(reference.baseURL)/v2/\(reference.repository)/\(path)",
            headers: token.map { [("Authorization", "Bearer \($0)")] } ?? [])
    }

    /// Where the registry sends a reader: never from `https` to the clear.
    private static func redirection(_ reply: Reply) -> String? {
        guard [301, 302, 303, 307, 308].contains(reply.status) else { return nil }
        return reply.header("Location").flatMap { $0.hasPrefix("https://") ? $0 : nil }
    }

    private static func send(
        _ transport: HTTPTransport, _ reference: ImageReference, _ exchange: Exchange
    ) async throws -> Reply {
        do {
            return try await transport.send(exchange)
        } catch let error as TransportError {
            throw RegistryError.unreachable(host: reference.host, detail: error.description)
        }
    }
}
