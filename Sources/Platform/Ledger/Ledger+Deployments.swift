internal import Artifacts
internal import Diagnostics
internal import GRDB
internal import PlatformAPI

/// Deployments, their events and their leases.
extension Ledger {
    /// How long a lease lasts when its worker does not renew it.
    static let leaseSeconds = 30.0

    /// A deployment that was accepted.
    struct Begun: Sendable {
        let deployment: Deployment
        /// Where it goes; nil when an earlier request with the same idempotency key had begun it.
        let environment: EnvironmentRecord?

        var isNew: Bool { environment != nil }
    }

    /// Begins a deployment: checks the ref's value, takes the environment's lease, makes the environment when it does not
    /// exist, and writes the first event, all at once.
    ///
    /// The same idempotency key with the same request answers with the deployment that it began before.
    /// - Parameters:
    ///   - asked: the request as the client sent it, where the deployment's own was made from what the ledger held.
    ///   - config: the configuration that the release will have.
    /// - Throws: `Problem` with `STALE_REF`, `DEPLOY_IN_PROGRESS`, `QUOTA` when no port is left or, for a reused key,
    ///   status 422.
    func beginDeployment(
        id: String, _ request: DeploymentRequest, in environment: EnvironmentID, ports: PortChoice,
        idempotencyKey: String?, asked: String? = nil, config: ConfigSource = .environment
    ) async throws -> Begun {
        let body = String(decoding: try CanonicalJSON.encode(request), as: UTF8.self)
        return try await pool.write { db in
            if let idempotencyKey, let earlier = try Self.replay(idempotencyKey, request: asked ?? body, db) {
                return Begun(deployment: earlier, environment: nil)
            }
            let current = try Self.objectID(of: request.ref, in: environment.app, db)
            guard current == request.oldCommit else { throw Problem.staleRef(request.ref, current: current) }
            try Self.requireRoom(for: request.ref, in: environment.app, db)
            try Self.insertDeployment(id, body, environment, db)
            try Self.takeLease(of: environment, for: id, db)
            try Self.setConfig(of: id, in: environment, from: config, db)
            // Under the lease: nobody else may count on the port that is chosen here, or remove the environment.
            guard let record = try Self.ensureEnvironment(environment, kind: request.kind, ports: ports, db) else {
                throw Problem(.quota, status: 507, "no port is left for another environment")
            }
            if let idempotencyKey {
                try db.execute(
                    sql: "INSERT INTO idempotency (key, request, deployment, created_at) VALUES (?, ?, ?, ?)",
                    arguments: [idempotencyKey, asked ?? body, id, Timestamp.now()])
            }
            try Self.append(.status, phase: nil, "queued", to: id, db)
            guard let deployment = try Self.deployment(id, db) else {
                throw DatabaseError(resultCode: .SQLITE_INTERNAL)
            }
            return Begun(deployment: deployment, environment: record)
        }
    }

    private static func replay(_ key: String, request: String, _ db: Database) throws -> Deployment? {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT request, deployment FROM idempotency WHERE key = ?", arguments: [key])
        else { return nil }
        guard row["request"] == request else {
            throw Problem(.internal, status: 422, "this idempotency key was used for another request")
        }
        return try deployment(row["deployment"], db)
    }

    private static func insertDeployment(
        _ id: String, _ body: String, _ environment: EnvironmentID, _ db: Database
    ) throws {
        try db.execute(
            sql: """
                INSERT INTO deployment (id, sequence, user, app, environment, request, status, created_at)
                VALUES (?, (SELECT coalesce(max(sequence), 0) + 1 FROM deployment), ?, ?, ?, ?, 'queued', ?)
                """,
            arguments: [id, environment.app.user, environment.app.app, environment.name, body, Timestamp.now()])
    }

    private static func takeLease(of environment: EnvironmentID, for id: String, _ db: Database) throws {
        let now = Timestamp.now()
        try db.execute(
            sql: """
                INSERT INTO lease (user, app, environment, deployment, since, expires_at) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (user, app, environment) DO UPDATE SET deployment = excluded.deployment,
                    since = excluded.since, expires_at = excluded.expires_at WHERE lease.expires_at < excluded.since
                """,
            arguments: [
                environment.app.user, environment.app.app, environment.name, id, now,
                Timestamp.fromNow(seconds: leaseSeconds),
            ])
        if db.changesCount == 0 { throw try busy(environment, db) }
    }

    /// - Throws: `Problem` with `DEPLOY_IN_PROGRESS` while a deployment holds the environment.
    static func requireNoLease(of environment: EnvironmentID, _ db: Database) throws {
        let isHeld = try Bool.fetchOne(
            db,
            sql: "SELECT expires_at >= ? FROM lease WHERE user = ? AND app = ? AND environment = ?",
            arguments: [Timestamp.now(), environment.app.user, environment.app.app, environment.name])
        if isHeld == true { throw try busy(environment, db) }
    }

    /// Says who holds the environment.
    private static func busy(_ environment: EnvironmentID, _ db: Database) throws -> Problem {
        let holder = try Row.fetchOne(
            db,
            sql: """
                SELECT d.id, d.request, d.phase, l.since FROM lease l JOIN deployment d ON d.id = l.deployment
                WHERE l.user = ? AND l.app = ? AND l.environment = ?
                """, arguments: [environment.app.user, environment.app.app, environment.name]
        ).map { row in
            let request = try CanonicalJSON.decode(DeploymentRequest.self, from: Array((row["request"] as String).utf8))
            return Problem.Holder(
                deployment: row["id"], by: Identity.operator.user, commit: request.commit, since: row["since"],
                phase: row["phase"])
        }
        let who = holder.map { "of \($0.commit.prefix(7)) has been running since \($0.since)" } ?? "is running"
        return Problem(
            .deployInProgress, status: 409, "another deployment to '\(environment.name)' \(who)",
            hint: "wait until it is over and push again", holder: holder)
    }

    /// Keeps a worker's lease for another while.
    func renewLease(of deployment: String) async throws {
        try await pool.write { db in
            try db.execute(
                sql: "UPDATE lease SET expires_at = ? WHERE deployment = ?",
                arguments: [Timestamp.fromNow(seconds: Self.leaseSeconds), deployment])
        }
    }

    func deployment(_ id: String) async throws -> Deployment? {
        try await pool.read { db in try Self.deployment(id, db) }
    }

    /// The newest deployments of an app first; `environment` narrows them.
    func deployments(of app: AppID, environment: String?, limit: Int) async throws -> [Deployment] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT d.*, e.port FROM deployment d LEFT JOIN environment e
                        ON e.user = d.user AND e.app = d.app AND e.name = d.environment
                    WHERE d.user = ? AND d.app = ? AND d.environment = coalesce(?, d.environment)
                    ORDER BY d.sequence DESC LIMIT ?
                    """, arguments: [app.user, app.app, environment, limit]
            ).map(Self.deployment(row:))
        }
    }

    static func deployment(_ id: String, _ db: Database) throws -> Deployment? {
        try Row.fetchOne(
            db,
            sql: """
                SELECT d.*, e.port FROM deployment d LEFT JOIN environment e
                    ON e.user = d.user AND e.app = d.app AND e.name = d.environment WHERE d.id = ?
                """, arguments: [id]
        ).map(deployment(row:))
    }

    private static func deployment(row: Row) throws -> Deployment {
        let request = try CanonicalJSON.decode(DeploymentRequest.self, from: Array((row["request"] as String).utf8))
        let failure = try (row["failure"] as String?)
            .map { try CanonicalJSON.decode(DeploymentFailure.self, from: Array($0.utf8)) }
        let status = DeploymentStatus(rawValue: row["status"]) ?? .failed
        return Deployment(
            id: row["id"], app: "\(row["user"] as String)/\(row["app"] as String)", environment: row["environment"],
            ref: request.ref, commit: request.commit, oldCommit: request.oldCommit, artifact: request.artifact,
            status: status, phase: row["phase"], release: row["release"],
            url: (row["port"] as Int?).map { EnvironmentPorts.url(port: $0) }, failure: failure,
            message: request.message, extra: request.extra, tests: request.tests, createdAt: row["created_at"],
            finishedAt: row["finished_at"]
        )
    }

    /// Moves a running deployment on; false when the status machine forbids it, as after a cancellation.
    func advance(_ id: String, to status: DeploymentStatus, phase: DeploymentPhase, _ message: String) async throws
        -> Bool
    {
        try await pool.write { db in
            guard let current = try Self.deployment(id, db)?.status, current == status || current.canBecome(status)
            else { return false }
            try db.execute(
                sql: "UPDATE deployment SET status = ?, phase = ? WHERE id = ?",
                arguments: [status.rawValue, phase.rawValue, id])
            try Self.append(.status, phase: phase.rawValue, message, to: id, db)
            return true
        }
    }

    func append(_ type: DeploymentEvent.Kind, phase: DeploymentPhase?, _ message: String, to id: String) async throws {
        try await append(type, phase: phase, [message], to: id)
    }

    /// Adds events in one transaction.
    func append(
        _ type: DeploymentEvent.Kind, phase: DeploymentPhase?, _ messages: [String], to id: String
    ) async throws {
        try await pool.write { db in
            for message in messages { try Self.append(type, phase: phase?.rawValue, message, to: id, db) }
        }
    }

    static func append(
        _ type: DeploymentEvent.Kind, phase: String?, _ message: String, to id: String, _ db: Database
    ) throws {
        let now = Timestamp.now()
        try db.execute(
            sql: """
                INSERT INTO event (deployment, id, time, type, phase, message)
                VALUES (?1, (SELECT coalesce(max(id), 0) + 1 FROM event WHERE deployment = ?1), ?2, ?3, ?4, ?5)
                """, arguments: [id, now, type.rawValue, phase, message])
        if type == .end { try addMessage(of: id, message, at: now, db) }
    }

    /// The events after `last`, in order; the end event carries the deployment.
    func events(of id: String, after last: Int) async throws -> [DeploymentEvent] {
        try await pool.read { db in
            let deployment = try Self.deployment(id, db)
            return try Row.fetchAll(
                db, sql: "SELECT * FROM event WHERE deployment = ? AND id > ? ORDER BY id LIMIT 500",
                arguments: [id, last]
            ).compactMap { row in
                guard let type = DeploymentEvent.Kind(rawValue: row["type"]) else { return nil }
                return DeploymentEvent(
                    id: row["id"], time: row["time"], type: type, phase: row["phase"], message: row["message"],
                    deployment: type == .end ? deployment : nil)
            }
        }
    }

    /// Ends a deployment that did not become healthy and gives its lease back; false when it had ended before.
    ///
    /// A preview in which nothing ever was live goes with it: it has no branch by which git could remove it.
    func fail(_ id: String, as status: DeploymentStatus, _ failure: DeploymentFailure) async throws -> Bool {
        let body = String(decoding: try CanonicalJSON.encode(failure), as: UTF8.self)
        return try await pool.write { db in try Self.fail(id, as: status, failure.message, body, db) }
    }

    private static func fail(
        _ id: String, as status: DeploymentStatus, _ message: String, _ failure: String, _ db: Database
    ) throws -> Bool {
        guard let current = try deployment(id, db)?.status, current.canBecome(status) else { return false }
        try db.execute(
            sql: "UPDATE deployment SET status = ?, failure = ?, finished_at = ? WHERE id = ?",
            arguments: [status.rawValue, failure, Timestamp.now(), id])
        try db.execute(sql: "DELETE FROM lease WHERE deployment = ?", arguments: [id])
        try append(.end, phase: nil, message, to: id, db)
        try db.execute(
            sql: """
                DELETE FROM environment WHERE kind = 'preview' AND live_release IS NULL AND (user, app, name) IN
                    (SELECT user, app, environment FROM deployment WHERE id = ?)
                    AND (user, app, name) NOT IN (SELECT user, app, environment FROM lease)
                """, arguments: [id])
        return true
    }

    /// Whether the deployment's last event is there and has an id of at most `last`.
    func hasEnded(_ id: String, before last: Int) async throws -> Bool {
        try await pool.read { db in
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM event WHERE deployment = ? AND type = 'end' AND id <= ?)",
                arguments: [id, last]) ?? false
        }
    }

    /// How many deployments keep all their events, and for how long an idempotency key is known.
    static let (keptHistories, keyLifetime) = (500, 86400.0)

    /// Forgets what old deployments printed, and idempotency keys that nobody will send again. The stages and ends of
    /// all deployments stay.
    func prune() async throws {
        try await pool.write { db in
            try db.execute(
                sql: """
                    DELETE FROM event WHERE type IN ('log', 'probe', 'progress') AND deployment IN
                        (SELECT id FROM deployment WHERE sequence <= (SELECT max(sequence) FROM deployment) - ?
                            AND finished_at IS NOT NULL)
                    """, arguments: [Self.keptHistories])
            try db.execute(
                sql: "DELETE FROM idempotency WHERE created_at < ?",
                arguments: [Timestamp.fromNow(seconds: -Self.keyLifetime)])
        }
    }

    /// Ends what an earlier platform process left unfinished with `PLATFORM_RESTARTED`, and frees its leases; a switch
    /// whose last word was not written gets it now.
    func failOrphans() async throws -> [String] {
        let failure = DeploymentFailure(
            code: .platformRestarted, phase: nil, message: "the platform was restarted during the deployment",
            hint: "push again")
        let body = String(decoding: try CanonicalJSON.encode(failure), as: UTF8.self)
        return try await pool.write { db in
            let orphans = try String.fetchAll(
                db, sql: "SELECT id FROM deployment WHERE status IN ('queued', 'pulling', 'starting') ORDER BY sequence"
            )
            for id in orphans { _ = try Self.fail(id, as: .failed, failure.message, body, db) }
            let unsaid = try String.fetchAll(
                db,
                sql: """
                    SELECT id FROM deployment WHERE status = 'healthy'
                        AND NOT EXISTS (SELECT 1 FROM event WHERE event.deployment = deployment.id AND type = 'end')
                    """)
            for id in unsaid { try Self.append(.end, phase: nil, "the release is live", to: id, db) }
            try db.execute(sql: "DELETE FROM lease")
            return orphans
        }
    }
}
