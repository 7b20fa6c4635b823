internal import Artifacts
internal import Diagnostics
internal import HTTPTransport
internal import PlatformAPI

/// Requests and what their failures mean.
extension APIDeployer {
    /// A request below the app's own path.
    func send(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [],
        body: (any Encodable & Sendable)? = nil, retry: RetryPolicy? = nil
    ) async throws(UserError) -> Reply {
        try await exchange(method, "/v1/apps/\(connection.app)" + path, headers: headers, body: body, retry: retry)
    }

    func exchange(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [],
        body: (any Encodable & Sendable)? = nil, deadline: Duration? = nil, retry: RetryPolicy? = nil
    ) async throws(UserError) -> Reply {
        do {
            let content = try body.map { Exchange.Body.bytes(try CanonicalJSON.encode($0)) } ?? .none
            let type = body == nil ? [] : [(name: "Content-Type", value: "application/json")]
            var exchange = Exchange(
                method, connection.baseURL + path, headers: self.headers(headers + type), body: content,
                deadline: deadline ?? deadlines.answer)
            exchange.takesOwnHeaders = true
            let reply = try await transport.send(exchange, retry: retry ?? deadlines.retry)
            // The description is for anybody, and says nothing of the token.
            if path != "/v1/" || reply.status == 401 { await connection.credential.hasAnswered(reply.status) }
            return reply
        } catch is CancellationError {
            throw UserError(.interrupted, "interrupted", hint: "push again")
        } catch let error as UserError {
            throw error
        } catch {
            throw unavailable(error)
        }
    }

    func headers(_ more: [(name: String, value: String)]) -> [(name: String, value: String)] {
        (connection.token.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []) + more
    }

    func unavailable(_ error: any Error) -> UserError {
        let host = Loopback.host(of: connection.baseURL)
        let (message, hint): (String, String) =
            switch (error as? TransportError)?.kind {
            case .unknownHost:
                ("the name '\(host)' of the platform is not known", "check the address of the remote and your network")
            case .untrusted:
                (
                    "the certificate of '\(connection.baseURL)' has expired, is for another name, or of an authority that is not trusted",
                    "git config http.\(connection.baseURL)/.sslCAInfo <file>  trusts the authority in the file"
                )
            case .proxyRefused:
                (
                    "the proxy does not let requests through to '\(host)'",
                    "git config http.proxy http://<user>:<password>@<proxy>:<port>"
                )
            case .timedOut:
                (
                    "the platform at '\(connection.baseURL)' does not answer in time",
                    connection.isEmbedded ? "git bim platform status" : "push again"
                )
            default:
                (
                    "the platform at '\(connection.baseURL)' does not answer",
                    connection.isEmbedded
                        ? "git bim platform status" : "check the address and your network, and push again"
                )
            }
        return UserError(.platformUnavailable, message, hint: hint, cause: error)
    }

    func problem(_ reply: Reply) throws -> Problem { try CanonicalJSON.decode(Problem.self, from: reply.body) }

    func decode<Value: Decodable>(
        _ type: Value.Type, _ reply: Reply, expecting statuses: Set<Int>
    ) throws(UserError) -> Value {
        if statuses.contains(reply.status), let value = try? CanonicalJSON.decode(type, from: reply.body) {
            return value
        }
        throw refusal(reply)
    }

    /// What an answer that is no success means.
    func refusal(_ reply: Reply) -> UserError {
        let problem = try? problem(reply)
        if reply.status == 401 { return connection.credential.refusal(problem?.detail) }
        if let problem {
            // What this version has no word for may be of a newer platform.
            let hint = problem.code == .internal ? "install a newer bim, or push again with -v" : nil
            return UserError(problem.code, problem.detail, hint: problem.hint ?? hint)
        }
        return UserError(
            .platformUnavailable,
            "'\(connection.baseURL)' answers with status \(reply.status) and not as a Backend.im platform does",
            hint: RetryPolicy.isTransient(reply.status) ? "push again in a while" : "check the address of the remote")
    }
}
