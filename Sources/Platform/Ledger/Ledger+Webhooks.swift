internal import Artifacts
internal import GRDB
internal import PlatformAPI

/// Where an environment's messages go, and what signs them.
struct WebhookTarget: Sendable {
    let url: String
    let secret: String
}

/// A message that has not arrived yet.
struct WaitingMessage: Sendable {
    /// Rises from message to message.
    let number: Int64
    let id: String
    let environment: EnvironmentID
    let deployment: String
    let body: [UInt8]
}

/// Webhooks and what they have still to be told.
extension Ledger {
    private static let ofEnvironment = "user = ? AND app = ? AND environment = ?"

    private static func key(_ id: EnvironmentID) -> StatementArguments { [id.app.user, id.app.app, id.name] }

    /// An environment's webhook without its secret; nil when it has none.
    func webhook(of environment: EnvironmentID) async throws -> Webhook? {
        try await pool.read { db in
            try Row.fetchOne(
                db, sql: "SELECT url, updated_at, last FROM webhook WHERE \(Self.ofEnvironment)",
                arguments: Self.key(environment)
            ).map { row in
                let last = try (row["last"] as String?)
                    .map { try CanonicalJSON.decode(Webhook.Delivery.self, from: Array($0.utf8)) }
                return Webhook(url: row["url"], updatedAt: row["updated_at"], last: last)
            }
        }
    }

    func webhookTarget(of environment: EnvironmentID) async throws -> WebhookTarget? {
        try await pool.read { db in
            try Row.fetchOne(
                db, sql: "SELECT url, secret FROM webhook WHERE \(Self.ofEnvironment)", arguments: Self.key(environment)
            ).map { WebhookTarget(url: $0["url"], secret: $0["secret"]) }
        }
    }

    /// Gives an environment a webhook in the place of an earlier one.
    func setWebhook(of environment: EnvironmentID, to target: WebhookTarget) async throws {
        try await pool.write { db in
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO webhook (user, app, environment, url, secret, updated_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """, arguments: Self.key(environment) + [target.url, target.secret, Timestamp.now()])
        }
    }

    /// Removes an environment's webhook with what it has not been told; false when it has none.
    func removeWebhook(of environment: EnvironmentID) async throws -> Bool {
        try await pool.write { db in
            try db.execute(
                sql: "DELETE FROM message WHERE \(Self.ofEnvironment)", arguments: Self.key(environment))
            try db.execute(
                sql: "DELETE FROM webhook WHERE \(Self.ofEnvironment)", arguments: Self.key(environment))
            return db.changesCount > 0
        }
    }

    /// Puts the end of a deployment down for the webhook of its environment, if it has one.
    static func addMessage(of id: String, _ message: String, at time: String, _ db: Database) throws {
        guard let deployment = try deployment(id, db) else { return }
        let body = try CanonicalJSON.encode(WebhookMessage(deployment, message: message, time: time))
        try db.execute(
            sql: """
                INSERT INTO message (id, user, app, environment, deployment, body)
                SELECT ?, d.user, d.app, d.environment, d.id, ? FROM deployment d JOIN webhook w
                    ON w.user = d.user AND w.app = d.app AND w.environment = d.environment WHERE d.id = ?
                """, arguments: ["msg_" + randomHex(bytes: 12), String(decoding: body, as: UTF8.self), id])
    }

    /// The messages after number `last` that have not arrived, in order.
    func waitingMessages(after last: Int64) async throws -> [WaitingMessage] {
        try await pool.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM message WHERE number > ? ORDER BY number", arguments: [last])
                .map { row in
                    WaitingMessage(
                        number: row["number"], id: row["id"],
                        environment: EnvironmentID(
                            app: AppID(user: row["user"], app: row["app"]), name: row["environment"]),
                        deployment: row["deployment"], body: Array((row["body"] as String).utf8))
                }
        }
    }

    /// Takes a message off, which has arrived or is given up, and keeps what became of it.
    func endMessage(_ message: WaitingMessage, _ delivery: Webhook.Delivery) async throws {
        let last = String(decoding: try CanonicalJSON.encode(delivery), as: UTF8.self)
        try await pool.write { db in
            try db.execute(sql: "DELETE FROM message WHERE number = ?", arguments: [message.number])
            try db.execute(
                sql: "UPDATE webhook SET last = ? WHERE \(Self.ofEnvironment)",
                arguments: [last] + Self.key(message.environment))
        }
    }
}
