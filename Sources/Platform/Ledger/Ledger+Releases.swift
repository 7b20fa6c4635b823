internal import Diagnostics
internal import Artifacts
internal import GRDB
internal import PlatformAPI

/// A release as the ledger holds it, with the request that made it.
struct ReleaseRecord: Sendable {
    let environment: EnvironmentID
    let number: Int
    let deployment: String
    let request: DeploymentRequest
    let createdAt: String

    /// Asks for the same once more, as a matter of this environment alone: it waits for no word and moves no other ref.
    var requestAgain: DeploymentRequest {
        var again = request
        again.hold = nil
        again.refs = nil
        again.extra = nil
        return again
    }
}

/// Releases and the switch that makes one live.
extension Ledger {
    /// The switch: the deployment becomes healthy, its release is numbered and live, and the ref moves, in one transaction.
    ///
    /// - Returns: the release's number, or nil when the deployment has ended meanwhile, as by a cancellation.
    /// - Throws: `Problem` with `STALE_REF` when somebody moved the ref, `CONFIG_INVALID` when another ref leaves no room
    ///   for it, `SUPERSEDED` when the environment is gone.
    func makeLive(_ id: String, _ request: DeploymentRequest, in environment: EnvironmentID) async throws -> Int? {
        try await pool.write { db in
            guard try Self.deployment(id, db)?.status == .starting, try Self.holdsLease(id, of: environment, db) else {
                return nil
            }
            let app = environment.app
            let current = try Self.objectID(of: request.ref, in: app, db)
            guard current == request.oldCommit else { throw Problem.staleRef(request.ref, current: current) }
            try Self.requireRoom(for: request.ref, in: app, db)
            let now = Timestamp.now()
            let number = try Self.nextNumber(in: environment, db)
            try db.execute(
                sql: """
                    INSERT INTO release (user, app, environment, number, deployment, created_at) VALUES (?, ?, ?, ?, ?, ?)
                    """, arguments: [app.user, app.app, environment.name, number, id, now])
            try db.execute(
                sql: """
                    UPDATE environment SET live_release = ?, ref = ?, protected = ? WHERE user = ? AND app = ? AND name = ?
                    """, arguments: [number, request.ref, request.protected, app.user, app.app, environment.name])
            guard db.changesCount == 1 else {
                throw Problem(
                    .superseded, status: 409, "the environment '\(environment.name)' was removed meanwhile",
                    hint: "push again")
            }
            try Self.changeRefs(of: app, request.refs ?? [], db)
            try Self.setRef(
                request.ref, to: request.commit, environment: environment.name, release: number, in: app, db)
            try db.execute(
                sql: "UPDATE deployment SET status = 'healthy', release = ?, finished_at = ? WHERE id = ?",
                arguments: [number, now, id])
            try db.execute(sql: "DELETE FROM lease WHERE deployment = ?", arguments: [id])
            try Self.append(.status, phase: "switching", "release \(number) is live", to: id, db)
            return number
        }
    }

    /// Whether the deployment still has its environment to itself.
    private static func holdsLease(_ id: String, of environment: EnvironmentID, _ db: Database) throws -> Bool {
        let holder = try String.fetchOne(
            db, sql: "SELECT deployment FROM lease WHERE user = ? AND app = ? AND environment = ?",
            arguments: [environment.app.user, environment.app.app, environment.name])
        return holder == id
    }

    /// Removes an environment with its releases and every ref that was deployed to it, of which nothing is live any more,
    /// in one transaction; its deployments stay in the history.
    ///
    /// - Parameters:
    ///   - ref: the branch that is deleted; nil for the environment's latest. One that is not the latest goes alone.
    ///   - objectID: what the branch must have; nil for an environment in which nothing ever was live.
    /// - Returns: whether the environment went with it.
    /// - Throws: `Problem` with `STALE_REF`, `CONFIG_INVALID` for a branch that belongs elsewhere, `DEPLOY_IN_PROGRESS`
    ///   or `ENVIRONMENT_PROTECTED`.
    func removeEnvironment(_ id: EnvironmentID, with ref: String?, expecting objectID: String?) async throws -> Bool {
        try await pool.write { db in
            let app = id.app
            guard let record = try Self.environment(id, db) else {
                throw Problem.notFound("'\(app)' has no environment '\(id.name)'")
            }
            if let ref = ref ?? record.ref {
                let known = try Self.refs(of: app, db).first { $0.ref == ref }
                guard let known, known.objectID == objectID else {
                    throw Problem.staleRef(ref, current: known?.objectID)
                }
                guard known.environment == id.name else {
                    throw Problem.invalid("'\(ref)' does not belong to the environment '\(id.name)'")
                }
                if record.ref != ref {
                    try Self.deleteRef(ref, in: app, db)
                    return false
                }
            } else if objectID != nil {
                throw Problem(
                    .staleRef, status: 412, "nothing was live in '\(id.name)' yet, so it has no branch",
                    hint: "send If-None-Match: * instead of If-Match")
            }
            guard !record.isProtected else {
                throw Problem(
                    .environmentProtected, status: 403, "the environment '\(id.name)' is protected",
                    hint: id.isProduction
                        ? "production stays as long as its app; push another commit to it instead"
                        : "take 'protected' away in bim.yml and push that first")
            }
            try Self.requireNoLease(of: id, db)
            for table in ["lease", "release", "config"] {
                try db.execute(
                    sql: "DELETE FROM \(table) WHERE user = ? AND app = ? AND environment = ?",
                    arguments: [app.user, app.app, id.name])
            }
            try db.execute(
                sql: "DELETE FROM ref WHERE user = ? AND app = ? AND environment = ?",
                arguments: [app.user, app.app, id.name])
            try db.execute(
                sql: "DELETE FROM environment WHERE user = ? AND app = ? AND name = ?",
                arguments: [app.user, app.app, id.name])
            return true
        }
    }

    /// The number that the environment's next release gets.
    func nextReleaseNumber(in environment: EnvironmentID) async throws -> Int {
        try await pool.read { db in try Self.nextNumber(in: environment, db) }
    }

    private static func nextNumber(in environment: EnvironmentID, _ db: Database) throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT coalesce(max(number), 0) + 1 FROM release WHERE user = ? AND app = ? AND environment = ?
                """, arguments: [environment.app.user, environment.app.app, environment.name]) ?? 1
    }

    /// The environment's releases, newest first.
    func releases(of environment: EnvironmentID) async throws -> [ReleaseRecord] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT r.*, d.request FROM release r JOIN deployment d ON d.id = r.deployment
                    WHERE r.user = ? AND r.app = ? AND r.environment = ? ORDER BY r.number DESC
                    """, arguments: [environment.app.user, environment.app.app, environment.name]
            ).map { row in
                ReleaseRecord(
                    environment: environment, number: row["number"], deployment: row["deployment"],
                    request: try CanonicalJSON.decode(
                        DeploymentRequest.self, from: Array((row["request"] as String).utf8)),
                    createdAt: row["created_at"])
            }
        }
    }

    /// Points a registry tag at a manifest.
    func setTag(_ name: String, in repository: String, digest: String, mediaType: String) async throws {
        try await pool.write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO tag (repository, name, digest, media_type) VALUES (?, ?, ?, ?)",
                arguments: [repository, name, digest, mediaType])
        }
    }

    /// The digest and media type behind a tag or a digest of a repository.
    func manifest(_ name: String, in repository: String) async throws -> (digest: String, mediaType: String)? {
        try await pool.read { db in
            try Row.fetchOne(
                db, sql: "SELECT digest, media_type FROM tag WHERE repository = ? AND name = ?",
                arguments: [repository, name]
            ).map { ($0["digest"], $0["media_type"]) }
        }
    }

    /// The tags of a repository by name; entries that are digests are manifests without a tag and do not count.
    func tags(of repository: String) async throws -> [String] {
        try await pool.read { db in
            try String.fetchAll(
                db, sql: "SELECT name FROM tag WHERE repository = ? AND name NOT LIKE 'sha256:%' ORDER BY name",
                arguments: [repository])
        }
    }

    /// Everything by which a manifest can be asked for: tags and digests of all repositories.
    func manifestNames() async throws -> [(repository: String, name: String, digest: String)] {
        try await pool.read { db in
            try Row.fetchAll(db, sql: "SELECT repository, name, digest FROM tag ORDER BY repository, name")
                .map { ($0["repository"], $0["name"], $0["digest"]) }
        }
    }

    /// Forgets manifests under all their names.
    func removeManifests(_ digests: Set<String>) async throws {
        try await pool.write { db in
            for digest in digests { try db.execute(sql: "DELETE FROM tag WHERE digest = ?", arguments: [digest]) }
        }
    }
}
