internal import Artifacts
internal import GRDB
internal import PlatformAPI

/// The configuration of environments.
extension Ledger {
    /// Where a deployment has its configuration from.
    enum ConfigSource: Sendable {
        /// What is set for the environment.
        case environment
        /// The same after this change, which is made with it or not at all.
        case changed(ConfigPatch)
        /// That of an earlier deployment.
        case deployment(String)
    }

    /// What is set for an environment, by name; secrets without their values.
    func config(of environment: EnvironmentID) async throws -> [ConfigVariable] {
        try await pool.read { db in
            try Self.rows(of: environment, db).map { row in
                let isSecret: Bool = row["secret"]
                return ConfigVariable(name: row["name"], value: isSecret ? nil : row["value"], secret: isSecret)
            }
        }
    }

    /// Sets and removes variables of an environment in which nothing is live.
    func changeConfig(of environment: EnvironmentID, _ patch: ConfigPatch) async throws {
        try await pool.write { db in try Self.apply(patch, to: environment, db) }
    }

    /// The whole configuration that a deployment began with.
    func config(ofDeployment id: String) async throws -> [String: String] {
        try await pool.read { db in
            let text = try String.fetchOne(db, sql: "SELECT config FROM deployment WHERE id = ?", arguments: [id])
            return try text.map { try CanonicalJSON.decode([String: String].self, from: Array($0.utf8)) } ?? [:]
        }
    }

    static func setConfig(
        of deployment: String, in environment: EnvironmentID, from source: ConfigSource, _ db: Database
    ) throws {
        if case .deployment(let earlier) = source {
            return try db.execute(
                sql: "UPDATE deployment SET config = (SELECT config FROM deployment WHERE id = ?) WHERE id = ?",
                arguments: [earlier, deployment])
        }
        if case .changed(let patch) = source { try apply(patch, to: environment, db) }
        let values = try rows(of: environment, db).map { (row: Row) -> (String, String) in (row["name"], row["value"]) }
        if values.isEmpty { return }
        let text = try CanonicalJSON.encode(Dictionary(uniqueKeysWithValues: values))
        try db.execute(
            sql: "UPDATE deployment SET config = ? WHERE id = ?",
            arguments: [String(decoding: text, as: UTF8.self), deployment])
    }

    private static func rows(of environment: EnvironmentID, _ db: Database) throws -> [Row] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM config WHERE user = ? AND app = ? AND environment = ? ORDER BY name",
            arguments: [environment.app.user, environment.app.app, environment.name])
    }

    private static func apply(_ patch: ConfigPatch, to environment: EnvironmentID, _ db: Database) throws {
        for (name, value) in patch.sorted(by: { $0.key < $1.key }) {
            let key: StatementArguments = [environment.app.user, environment.app.app, environment.name, name]
            guard let value else {
                try db.execute(
                    sql: "DELETE FROM config WHERE user = ? AND app = ? AND environment = ? AND name = ?",
                    arguments: key)
                continue
            }
            try db.execute(
                sql: "INSERT OR REPLACE INTO config VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: key + [value.value, value.secret, Timestamp.now()])
        }
    }
}
