import Diagnostics
import Foundation
import GRDB
@testable import Platform
import PlatformAPI
import Testing

@Suite("The ledger: after a kill, a damage, a change of ports")
struct RecoveryTests {
    private let fixture: LedgerFixture

    init() async throws {
        fixture = try await LedgerFixture()
    }

    @Test("What a dead platform left unfinished fails with PLATFORM_RESTARTED and frees its environments")
    func orphans() async throws {
        try await fixture.deploy("dpl_1", .sample(commit: objectID("a")))
        _ = try await fixture.begin("dpl_2", .sample(old: objectID("a")))
        try await fixture.environment("staging", port: 20002)
        _ = try await fixture.begin("dpl_3", .sample(environment: "staging", ref: "refs/heads/next"))
        try await fixture.start("dpl_3")

        #expect(try await fixture.ledger.failOrphans() == ["dpl_2", "dpl_3"])
        for id in ["dpl_2", "dpl_3"] {
            let deployment = try #require(try await fixture.ledger.deployment(id))
            #expect(deployment.status == .failed)
            #expect(deployment.failure?.code == .platformRestarted)
            #expect(try await fixture.ledger.events(of: id, after: 0).last?.type == .end)
        }
        #expect(try await fixture.ledger.environment(fixture.production)?.liveRelease == 1)
        #expect(try await fixture.ledger.failOrphans() == [])
        #expect(try await fixture.begin("dpl_4", .sample(old: objectID("a"))).isNew)
    }

    @Test("A switch whose last word was not written gets it, once")
    func unsaid() async throws {
        try await fixture.deploy("dpl_1")
        #expect(try await fixture.ledger.events(of: "dpl_1", after: 0).last?.type == .status)
        for _ in 1...2 { #expect(try await fixture.ledger.failOrphans() == []) }
        let ends = try await fixture.ledger.events(of: "dpl_1", after: 0).filter { $0.type == .end }
        #expect(ends.count == 1)
        #expect(ends.first?.deployment?.status == .healthy)
    }

    @Test("A ledger that is opened again, and by two at once, is the same one")
    func opensTwice() async throws {
        try await fixture.deploy("dpl_1")
        let second = try Ledger(path: fixture.path)
        #expect(try await second.deployment("dpl_1") == fixture.ledger.deployment("dpl_1"))
        try await second.append(.notice, phase: nil, "from the other one", to: "dpl_1")
        #expect(try await fixture.ledger.events(of: "dpl_1", after: 0).last?.message == "from the other one")
    }

    @Test("The ledger is for its owner's eyes")
    func rights() throws {
        try fixture.ledger.backUp()
        for path in [fixture.path, Ledger.backupPath(of: fixture.path)] {
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(path)")
        }
    }

    @Test("A damaged file is refused with the way out, and the copy brings back what it had")
    func restore() async throws {
        try await fixture.deploy("dpl_1")
        try fixture.ledger.backUp()
        try await fixture.deploy("dpl_2", .sample(commit: objectID("b"), old: objectID("a")))
        try fixture.ledger.pool.close()
        try fixture.folder.write("this is no database, whatever its name says".utf8, to: "ledger.sqlite")

        let refusal = #expect(throws: UserError.self) { _ = try Ledger(path: fixture.path) }
        #expect(refusal?.code == .platformUnavailable)
        #expect(refusal?.hint == "git bim platform start --restore-ledger")

        try Ledger.restore(path: fixture.path)
        let restored = try Ledger(path: fixture.path)
        #expect(try await restored.deployment("dpl_1")?.status == .healthy)
        #expect(try await restored.deployment("dpl_2") == nil)
        #expect(names(in: fixture.folder.path).contains("ledger.sqlite.damaged"))
    }

    @Test("A missing ledger beside its copy is not begun anew, and the copy can take its place")
    func missing() async throws {
        try await fixture.deploy("dpl_1")
        try fixture.ledger.backUp()
        try fixture.ledger.pool.close()
        for name in names(in: fixture.folder.path) where !name.hasSuffix(".backup") {
            try FileManager.default.removeItem(atPath: "\(fixture.folder.path)/\(name)")
        }

        let refusal = #expect(throws: UserError.self) { _ = try Ledger(path: fixture.path) }
        #expect(refusal?.code == .platformUnavailable)
        #expect(refusal?.hint == "git bim platform start --restore-ledger")
        #expect(names(in: fixture.folder.path) == ["ledger.sqlite.backup"])

        try Ledger.restore(path: fixture.path)
        #expect(try await Ledger(path: fixture.path).deployment("dpl_1")?.status == .healthy)
    }

    @Test("What old deployments printed goes, their stages and ends stay; keys go after a day")
    func pruning() async throws {
        let ledger = fixture.ledger
        for id in ["dpl_1", "dpl_2"] {
            _ = try await fixture.begin(id, key: id)
            try await ledger.append(.log, phase: .checking, ["one", "two"], to: id)
            #expect(try await ledger.failOrphans() == [id])
        }
        try await ledger.prune()
        #expect(try await ledger.events(of: "dpl_1", after: 0).map(\.id) == [1, 2, 3, 4])

        try await ledger.pool.write { db in
            try db.execute(
                sql: "UPDATE deployment SET sequence = sequence + ? WHERE id = 'dpl_2'",
                arguments: [Ledger.keptHistories])
            try db.execute(sql: "UPDATE idempotency SET created_at = '2000-01-01T00:00:00.000Z' WHERE key = 'dpl_1'")
        }
        try await ledger.prune()
        #expect(try await ledger.events(of: "dpl_1", after: 0).map(\.type) == [.status, .end])
        #expect(try await ledger.events(of: "dpl_2", after: 0).count == 4)
        #expect(try await ledger.pool.read { try String.fetchAll($0, sql: "SELECT key FROM idempotency") } == ["dpl_2"])
    }

    @Test("Whether a reader who has come so far has heard the end")
    func hasEnded() async throws {
        _ = try await fixture.begin("dpl_1")
        #expect(try await !fixture.ledger.hasEnded("dpl_1", before: 99))
        #expect(try await fixture.ledger.failOrphans() == ["dpl_1"])
        #expect(try await !fixture.ledger.hasEnded("dpl_1", before: 1))
        for last in [2, 99] { #expect(try await fixture.ledger.hasEnded("dpl_1", before: last)) }
    }

    @Test("Without a copy the damaged file stays where it is")
    func noCopy() async throws {
        let error = #expect(throws: UserError.self) { try Ledger.restore(path: fixture.path) }
        #expect(error?.code == .platformUnavailable)
        #expect(names(in: fixture.folder.path).contains("ledger.sqlite"))
    }

    @Test("A copy replaces the one before it")
    func copies() async throws {
        for id in ["dpl_1", "dpl_2"] {
            _ = try await fixture.begin(id)
            #expect(try await fixture.ledger.failOrphans() == [id])
            try fixture.ledger.backUp()
        }
        let copy = try DatabaseQueue(path: Ledger.backupPath(of: fixture.path))
        #expect(
            try await copy.read { try String.fetchAll($0, sql: "SELECT id FROM deployment ORDER BY sequence") } == [
                "dpl_1", "dpl_2",
            ])
        #expect(!names(in: fixture.folder.path).contains { $0.hasSuffix(".partial") })
    }

    @Test("An environment's port is its own, and moves only while nothing was live on it")
    func ports() async throws {
        let staging = EnvironmentID(app: fixture.app, name: "staging")
        func ensure(_ ports: [Int], unusable: Set<Int> = []) async throws -> Int? {
            try await fixture.ensure(staging, PortChoice(candidates: ports) { !unusable.contains($0) })?.port
        }
        #expect(try await ensure([20001]) == nil, "production has it")
        #expect(try await ensure([20001, 20002, 20003], unusable: [20002]) == 20003)
        #expect(try await ensure([20004]) == 20003)
        #expect(try await ensure([20004], unusable: [20003]) == 20004)
        try await fixture.deploy("dpl_1", .sample(environment: "staging"))
        #expect(try await ensure([20005], unusable: [20004]) == 20004)
    }

    @Test("A removed environment takes its releases and its ref along; a protected, busy or moved one stays")
    func removal() async throws {
        let ledger = fixture.ledger
        try await fixture.deploy("dpl_1", .sample(commit: objectID("a"), protected: true))
        func refusal(_ expected: String) async throws -> ErrorCode {
            try await fixture.problem {
                _ = try await ledger.removeEnvironment(
                    fixture.production, with: "refs/heads/main", expecting: expected)
            }
            .code
        }
        #expect(try await refusal(objectID("a")) == .environmentProtected)
        try await fixture.deploy("dpl_2", .sample(commit: objectID("b"), old: objectID("a")))
        #expect(try await refusal(objectID("a")) == .staleRef)
        _ = try await fixture.begin("dpl_3", .sample(old: objectID("b")))
        #expect(try await refusal(objectID("b")) == .deployInProgress)
        #expect(try await ledger.failOrphans() == ["dpl_3"])

        #expect(
            try await ledger.removeEnvironment(
                fixture.production, with: "refs/heads/main", expecting: objectID("b")))
        #expect(try await ledger.environment(fixture.production) == nil)
        #expect(try await ledger.refs(of: fixture.app).isEmpty)
        #expect(try await ledger.releases(of: fixture.production).isEmpty)
        #expect(
            try await ledger.deployments(of: fixture.app, environment: nil, limit: 9).map(\.id) == [
                "dpl_3", "dpl_2", "dpl_1",
            ])
    }

    @Test("A branch that deploys elsewhere removes neither itself nor a protected environment's ref")
    func foreignRef() async throws {
        let ledger = fixture.ledger
        try await fixture.deploy("dpl_1", .sample(commit: objectID("a"), protected: true))
        try await fixture.deploy(
            "dpl_2", .sample(environment: "feature", ref: "refs/heads/feature", commit: objectID("b")))
        let feature = EnvironmentID(app: fixture.app, name: "feature")

        let problem = try await fixture.problem {
            _ = try await ledger.removeEnvironment(feature, with: "refs/heads/main", expecting: objectID("a"))
        }
        #expect(problem.code == .configInvalid)
        #expect(try await ledger.refs(of: fixture.app).map(\.ref) == ["refs/heads/feature", "refs/heads/main"])

        #expect(try await ledger.removeEnvironment(feature, with: nil, expecting: objectID("b")))
        #expect(try await ledger.refs(of: fixture.app).map(\.ref) == ["refs/heads/main"])
    }

    @Test("A branch that deployed to an environment before goes alone")
    func earlierRef() async throws {
        let ledger = fixture.ledger
        try await fixture.deploy("dpl_1", .sample(ref: "refs/heads/release/1", commit: objectID("a")))
        try await fixture.deploy("dpl_2", .sample(ref: "refs/heads/release/2", commit: objectID("b")))
        #expect(
            try await !ledger.removeEnvironment(
                fixture.production, with: "refs/heads/release/1", expecting: objectID("a")))
        #expect(try await ledger.refs(of: fixture.app).map(\.ref) == ["refs/heads/release/2"])
        #expect(try await ledger.environment(fixture.production)?.liveRelease == 2)
    }

    @Test(
        "With its latest branch an environment goes, and every branch that was deployed to it, since none of them is live"
    )
    func sharedEnvironment() async throws {
        try await fixture.deploy("dpl_1", .sample(environment: "stage", ref: "refs/heads/a", commit: objectID("a")))
        try await fixture.deploy("dpl_2", .sample(environment: "stage", ref: "refs/heads/b", commit: objectID("b")))
        let stage = EnvironmentID(app: fixture.app, name: "stage")
        #expect(try await fixture.ledger.removeEnvironment(stage, with: "refs/heads/b", expecting: objectID("b")))
        #expect(try await fixture.ledger.refs(of: fixture.app).isEmpty)
    }

    @Test("An environment in which nothing ever was live goes without a branch, and only so")
    func neverLive() async throws {
        let ledger = fixture.ledger
        let problem = try await fixture.problem {
            _ = try await ledger.removeEnvironment(fixture.production, with: nil, expecting: objectID("a"))
        }
        #expect(problem.code == .staleRef)
        #expect(try await ledger.removeEnvironment(fixture.production, with: nil, expecting: nil))
        #expect(try await ledger.environment(fixture.production) == nil)

        try await fixture.deploy("dpl_1", .sample(environment: "staging", commit: objectID("a")))
        let refusal = try await fixture.problem {
            _ = try await ledger.removeEnvironment(
                EnvironmentID(app: fixture.app, name: "staging"), with: nil, expecting: nil)
        }
        #expect(refusal.current == objectID("a"))
    }
}
