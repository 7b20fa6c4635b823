internal import Artifacts
package import Diagnostics
internal import HTTPTransport
package import PlatformAPI

/// What can be asked of an environment and done with it besides deploying.
extension APIDeployer {
    /// The environment's releases, newest first.
    package func releases(of environment: String) async throws(UserError) -> [Release] {
        try decode([Release].self, try await send("GET", "/environments/\(environment)/releases"), expecting: [200])
    }

    /// The newest deployments, newest first; those of one environment where it is named.
    package func deployments(of environment: String?, limit: Int) async throws(UserError) -> [Deployment] {
        let filter = environment.map { "&environment=\($0)" } ?? ""
        return try decode(
            [Deployment].self, try await send("GET", "/deployments?limit=\(limit)\(filter)"), expecting: [200])
    }

    package func deployment(_ id: String) async throws(UserError) -> Deployment {
        try decode(Deployment.self, try await send("GET", "/deployments/\(id)"), expecting: [200])
    }

    /// Begins to deploy an old release again.
    package func rollBack(_ environment: String, _ request: RollbackRequest) async throws(UserError) -> Deployment {
        let reply = try await send(
            "POST", "/environments/\(environment)/rollback", headers: [("Idempotency-Key", Self.idempotencyKey())],
            body: request)
        return try decode(Deployment.self, reply, expecting: [202])
    }

    /// What is set for an environment; secrets without their values.
    package func config(of environment: String) async throws(UserError) -> [ConfigVariable] {
        try decode(
            [ConfigVariable].self, try await send("GET", "/environments/\(environment)/config"), expecting: [200])
    }

    /// Sets and removes variables; what is live is deployed once more with them.
    package func changeConfig(of environment: String, _ patch: ConfigPatch) async throws(UserError) -> ConfigChange {
        let reply = try await send("PATCH", "/environments/\(environment)/config", body: patch, retry: .never)
        return try decode(ConfigChange.self, reply, expecting: [200, 202])
    }

    /// Whom an environment tells how its deployments end.
    package func webhook(of environment: String) async throws(UserError) -> Webhook {
        try decode(Webhook.self, try await send("GET", "/environments/\(environment)/webhook"), expecting: [200])
    }

    package func setWebhook(of environment: String, _ request: WebhookRequest) async throws(UserError) -> Webhook {
        let reply = try await send("PUT", "/environments/\(environment)/webhook", body: request)
        return try decode(Webhook.self, reply, expecting: [200])
    }

    package func removeWebhook(of environment: String) async throws(UserError) {
        let reply = try await send("DELETE", "/environments/\(environment)/webhook", retry: .never)
        guard reply.status != 204 else { return }
        throw refusal(reply)
    }

    /// Follows a deployment that has begun to its end, which need not be a good one; it is not canceled with the task.
    ///
    /// - Returns: nil when it is not over by the time that `patience` allows.
    package func watch(
        _ id: String, patience: Duration?, onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment? {
        do {
            guard let patience else { return try await toTheEnd(id, onEvent) }
            return try await follow(id, atMost: patience, onEvent)
        } catch let error as UserError {
            throw error
        } catch is CancellationError {
            throw UserError(.interrupted, "interrupted; the deployment goes on", hint: "git bim watch \(id)")
        } catch {
            throw UserError(
                .platformUnavailable, "the deployment \(id) was lost sight of and may still go on",
                hint: "git bim watch \(id)", cause: error)
        }
    }
}

/// Which lines of a log are wanted.
package struct LogQuery: Sendable {
    package var lines = 100
    /// Whether those that come are waited for.
    package var follows = false
    package var process: String?
    /// RFC 3339 in UTC with milliseconds.
    package var since: String?

    package init() {}

    fileprivate var text: String {
        "?lines=\(lines)" + (follows ? "&follow=true" : "") + (process.map { "&process=\($0)" } ?? "")
            + (since.map { "&since=\($0)" } ?? "")
    }
}

extension APIDeployer {
    /// Beyond this a reader who follows begins anew.
    private static let longestReading = Duration.seconds(86400)

    /// Reads what an environment's instances have printed, until the end or until the task is canceled.
    package func readLogs(
        of environment: String, _ query: LogQuery, onLine: @escaping @Sendable (LogLine) -> Void
    ) async throws(UserError) {
        let path = "/v1/apps/\(connection.app)/environments/\(environment)/logs\(query.text)"
        // The answer to a refusal has a body of its own kind.
        _ = try await config(of: environment)
        let request = Exchange(
            "GET", connection.baseURL + path, headers: headers([("Accept", "application/jsonl")]),
            deadline: query.follows ? Self.longestReading : .seconds(60))
        var pending: [UInt8] = []
        do {
            let reply = try await transport.stream(request) { chunk in
                pending += chunk
                while let newline = pending.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = pending[..<newline]
                    if let line = try? CanonicalJSON.decode(LogLine.self, from: line) { onLine(line) }
                    pending.removeSubrange(...newline)
                }
                return true
            }
            guard reply.status == 200 else {
                throw UserError(
                    .appNotFound, "nothing was ever deployed to '\(environment)'", hint: "git bim status")
            }
        } catch let error as UserError {
            throw error
        } catch is CancellationError {
            return
        } catch {
            throw UserError(
                .platformUnavailable, "the log broke off", hint: "git bim logs \(environment)", cause: error)
        }
    }
}
