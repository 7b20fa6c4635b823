internal import Diagnostics
internal import GRDB
internal import PlatformAPI

/// The name of an environment with its app.
struct EnvironmentID: Hashable, Sendable, CustomStringConvertible {
    let app: AppID
    let name: String

    /// Whether it is the one that stays as long as its app, and that a clone checks out.
    var isProduction: Bool { name == Self.production }
    /// The name of that one.
    static let production = "production"

    var description: String { "\(app)/\(name)" }
}

/// An environment as the ledger holds it.
struct EnvironmentRecord: Sendable {
    let id: EnvironmentID
    let kind: String
    let isProtected: Bool
    let ref: String?
    /// The port on which the environment answers, the same for all its life.
    let port: Int
    let liveRelease: Int?

    init(row: Row) {
        id = EnvironmentID(app: AppID(user: row["user"], app: row["app"]), name: row["name"])
        kind = row["kind"]
        isProtected = row["protected"]
        ref = row["ref"]
        port = row["port"]
        liveRelease = row["live_release"]
    }
}

/// Apps, their environments and their refs.
extension Ledger {
    /// Makes the app when it does not exist; says whether it was made.
    func createApp(_ app: AppID) async throws -> Bool {
        try await pool.write { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO app (user, name, created_at) VALUES (?, ?, ?)",
                arguments: [app.user, app.app, Timestamp.now()])
            return db.changesCount > 0
        }
    }

    func app(_ app: AppID) async throws -> App? {
        try await pool.read { db in
            try Row.fetchOne(
                db, sql: "SELECT * FROM app WHERE user = ? AND name = ?", arguments: [app.user, app.app]
            ).map { App(user: $0["user"], name: $0["name"], createdAt: $0["created_at"]) }
        }
    }

    func apps() async throws -> [App] {
        try await pool.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM app ORDER BY user, name")
                .map { App(user: $0["user"], name: $0["name"], createdAt: $0["created_at"]) }
        }
    }

    func environments(of app: AppID? = nil) async throws -> [EnvironmentRecord] {
        try await pool.read { db in
            let rows =
                if let app {
                    try Row.fetchAll(
                        db, sql: "SELECT * FROM environment WHERE user = ? AND app = ? ORDER BY name",
                        arguments: [app.user, app.app])
                } else {
                    try Row.fetchAll(db, sql: "SELECT * FROM environment ORDER BY user, app, name")
                }
            return rows.map(EnvironmentRecord.init)
        }
    }

    func environment(_ id: EnvironmentID) async throws -> EnvironmentRecord? {
        try await pool.read { db in try Self.environment(id, db) }
    }

    static func environment(_ id: EnvironmentID, _ db: Database) throws -> EnvironmentRecord? {
        try Row.fetchOne(
            db, sql: "SELECT * FROM environment WHERE user = ? AND app = ? AND name = ?",
            arguments: [id.app.user, id.app.app, id.name]
        ).map(EnvironmentRecord.init)
    }

    /// The environment, made with the first port that is usable and that no other environment has.
    ///
    /// The port is kept once something was live on it; until then another one takes its place when it is not usable. To
    /// be called by whoever has the environment to itself.
    /// - Returns: nil when every port is taken.
    static func ensureEnvironment(
        _ id: EnvironmentID, kind: String, ports: PortChoice, _ db: Database
    ) throws -> EnvironmentRecord? {
        let known = try environment(id, db)
        if let known, known.liveRelease != nil || ports.isUsable(known.port) { return known }
        let taken = try Set(Int.fetchAll(db, sql: "SELECT port FROM environment"))
        guard let port = ports.candidates.first(where: { !taken.contains($0) && ports.isUsable($0) }) else {
            return nil
        }
        try db.execute(
            sql: """
                INSERT INTO environment (user, app, name, kind, port, created_at) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (user, app, name) DO UPDATE SET port = excluded.port
                """, arguments: [id.app.user, id.app.app, id.name, kind, port, Timestamp.now()])
        return try environment(id, db)
    }

    func refs(of app: AppID) async throws -> [RefRecord] {
        try await pool.read { db in try Self.refs(of: app, db) }
    }

    static func refs(of app: AppID, _ db: Database) throws -> [RefRecord] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM ref WHERE user = ? AND app = ? ORDER BY name", arguments: [app.user, app.app]
        ).map(RefRecord.init(row:))
    }

    private static func ref(_ name: String, in app: AppID, _ db: Database) throws -> RefRecord? {
        try Row.fetchOne(
            db, sql: "SELECT * FROM ref WHERE user = ? AND app = ? AND name = ?", arguments: [app.user, app.app, name]
        ).map(RefRecord.init(row:))
    }

    static func objectID(of ref: String, in app: AppID, _ db: Database) throws -> String? {
        try String.fetchOne(
            db, sql: "SELECT object_id FROM ref WHERE user = ? AND app = ? AND name = ?",
            arguments: [app.user, app.app, ref])
    }

    /// Moves refs that deploy nothing, all of them or none.
    ///
    /// - Throws: `Problem` with `STALE_REF` when one of them has moved, `CONFIG_INVALID` when it belongs to an environment.
    func changeRefs(of app: AppID, _ changes: [RefChange]) async throws {
        try await pool.write { db in try Self.changeRefs(of: app, changes, db) }
    }

    /// Deletions go first, so that `a` makes room for `a/b`.
    static func changeRefs(of app: AppID, _ changes: [RefChange], _ db: Database) throws {
        for change in changes.filter({ $0.new == nil }) + changes.filter({ $0.new != nil }) {
            let known = try ref(change.ref, in: app, db)
            guard known?.objectID == change.old else { throw Problem.staleRef(change.ref, current: known?.objectID) }
            guard known?.environment == nil else {
                throw Problem.invalid(
                    "'\(change.ref)' stands for what is live, and is moved by a deployment alone",
                    hint: "git push bim <branch>")
            }
            guard let new = change.new else {
                try deleteRef(change.ref, in: app, db)
                continue
            }
            try requireRoom(for: change.ref, in: app, db)
            try setRef(change.ref, to: new, environment: nil, release: nil, in: app, db)
        }
    }

    static func deleteRef(_ ref: String, in app: AppID, _ db: Database) throws {
        try db.execute(
            sql: "DELETE FROM ref WHERE user = ? AND app = ? AND name = ?", arguments: [app.user, app.app, ref])
    }

    /// A ref and one below it cannot both be, as git keeps them (git-check-ref-format).
    static func requireRoom(for ref: String, in app: AppID, _ db: Database) throws {
        let own = "SELECT name FROM ref WHERE user = ? AND app = ?"
        let parts = ref.split(separator: "/")
        let above = parts.indices.dropFirst().map { parts[..<$0].joined(separator: "/") }
        // `0` is what follows `/`: all that begins with the ref's name and a slash lies between.
        let below = try String.fetchOne(
            db, sql: "\(own) AND name > ? AND name < ? LIMIT 1", arguments: [app.user, app.app, ref + "/", ref + "0"])
        let blocking =
            try below
            ?? String.fetchOne(
                db, sql: "\(own) AND name IN (\(above.map { _ in "?" }.joined(separator: ","))) LIMIT 1",
                arguments: StatementArguments([app.user, app.app] + above))
        guard let blocking else { return }
        throw Problem(
            .configInvalid, status: 409, "'\(blocking)' exists, so '\(ref)' cannot", hint: "delete '\(blocking)' first")
    }

    static func setRef(
        _ ref: String, to objectID: String, environment: String?, release: Int?, in app: AppID, _ db: Database
    ) throws {
        try db.execute(
            sql: """
                INSERT INTO ref (user, app, name, object_id, environment, release, updated_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (user, app, name) DO UPDATE SET object_id = excluded.object_id,
                    environment = excluded.environment, release = excluded.release, updated_at = excluded.updated_at
                """,
            arguments: [app.user, app.app, ref, objectID, environment, release, Timestamp.now()])
    }
}

extension RefRecord {
    fileprivate init(row: Row) {
        self.init(
            ref: row["name"], objectID: row["object_id"], environment: row["environment"], release: row["release"],
            updatedAt: row["updated_at"])
    }
}

extension Problem {
    static func staleRef(_ ref: String, current: String?) -> Problem {
        Problem(
            .staleRef, status: 412, "'\(ref)' has moved since it was read", hint: "fetch, merge and push again",
            current: current)
    }
}
