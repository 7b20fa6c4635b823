import Diagnostics
import GRDB
@testable import Platform
import PlatformAPI
import Testing

/// A ledger in a folder of its own, with one app that has an environment.
struct LedgerFixture: Sendable {
    let folder: TemporaryFolder
    let ledger: Ledger
    let app = AppID(user: "acme", app: "api")
    let production: EnvironmentID

    var path: String { folder.path + "/ledger.sqlite" }

    init() async throws {
        folder = try TemporaryFolder()
        ledger = try Ledger(path: folder.path + "/ledger.sqlite")
        production = EnvironmentID(app: app, name: "production")
        #expect(try await ledger.createApp(app))
        _ = try await environment("production", port: 20001)
    }

    @discardableResult
    func environment(_ name: String, port: Int) async throws -> EnvironmentRecord? {
        try await ensure(EnvironmentID(app: app, name: name), PortChoice(candidates: [port]) { _ in true })
    }

    func ensure(_ environment: EnvironmentID, _ ports: PortChoice) async throws -> EnvironmentRecord? {
        try await ledger.pool.write { db in
            try Ledger.ensureEnvironment(environment, kind: "permanent", ports: ports, db)
        }
    }

    func begin(
        _ id: String, _ request: DeploymentRequest = .sample(), key: String? = nil,
        ports: PortChoice = PortChoice(candidates: Array(20001...20009)) { _ in true }
    ) async throws -> Ledger.Begun {
        try await ledger.beginDeployment(
            id: id, request, in: EnvironmentID(app: app, name: request.environment), ports: ports, idempotencyKey: key)
    }

    /// Takes a deployment to the point before the switch.
    func start(_ id: String) async throws {
        #expect(try await ledger.advance(id, to: .pulling, phase: .pulling, "unpacking"))
        #expect(try await ledger.advance(id, to: .starting, phase: .checking, "waiting"))
    }

    /// Begins a deployment and makes it live; returns its release's number.
    @discardableResult
    func deploy(_ id: String, _ request: DeploymentRequest = .sample()) async throws -> Int? {
        _ = try await begin(id, request)
        try await start(id)
        return try await ledger.makeLive(id, request, in: EnvironmentID(app: app, name: request.environment))
    }

    /// Lets a deployment's lease run out, as when its worker has died.
    func expireLease(of id: String) async throws {
        try await ledger.pool.write { db in
            try db.execute(
                sql: "UPDATE lease SET expires_at = '2000-01-01T00:00:00.000Z' WHERE deployment = ?", arguments: [id])
        }
    }

    /// The problem that `body` throws.
    func problem(_ body: () async throws -> Void) async throws -> Problem {
        try #require(await #expect(throws: Problem.self) { try await body() })
    }
}

/// An object id of one repeated digit.
func objectID(_ digit: Character) -> String { String(repeating: digit, count: 40) }
