import Diagnostics
import GRDB
@testable import Platform
import PlatformAPI
import Testing

@Suite("The ledger: the switch, events and ends")
struct SwitchTests {
    private let fixture: LedgerFixture

    init() async throws {
        fixture = try await LedgerFixture()
    }

    @Test("The switch moves ref, release, status and environment together and frees the lease")
    func together() async throws {
        #expect(try await fixture.deploy("dpl_1", .sample(commit: objectID("a"))) == 1)
        #expect(try await fixture.deploy("dpl_2", .sample(commit: objectID("b"), old: objectID("a"))) == 2)

        let deployment = try #require(try await fixture.ledger.deployment("dpl_2"))
        #expect(deployment.status == .healthy)
        #expect(deployment.release == 2)
        #expect(deployment.finishedAt != nil)
        let ref = try #require(try await fixture.ledger.refs(of: fixture.app).first)
        #expect(ref.ref == "refs/heads/main")
        #expect(ref.objectID == objectID("b"))
        #expect(ref.environment == "production")
        #expect(ref.release == 2)
        let environment = try #require(try await fixture.ledger.environment(fixture.production))
        #expect(environment.liveRelease == 2)
        #expect(environment.ref == "refs/heads/main")
        #expect(try await fixture.ledger.releases(of: fixture.production).map(\.number) == [2, 1])
        #expect(try await fixture.begin("dpl_3", .sample(old: objectID("b"))).isNew)
    }

    @Test("When somebody moved the ref meanwhile nothing of the switch happens")
    func moved() async throws {
        let request = DeploymentRequest.sample()
        _ = try await fixture.begin("dpl_1", request)
        try await fixture.start("dpl_1")
        try await fixture.ledger.changeRefs(
            of: fixture.app, [RefChange(ref: request.ref, old: nil, new: objectID("c"))])

        let problem = try await fixture.problem {
            _ = try await fixture.ledger.makeLive("dpl_1", request, in: fixture.production)
        }
        #expect(problem.code == .staleRef)
        #expect(problem.current == objectID("c"))
        #expect(try await fixture.ledger.deployment("dpl_1")?.status == .starting)
        #expect(try await fixture.ledger.releases(of: fixture.production).isEmpty)
        #expect(try await fixture.ledger.environment(fixture.production)?.liveRelease == nil)
        #expect(try await fixture.ledger.refs(of: fixture.app).map(\.objectID) == [objectID("c")])
    }

    @Test("A deployment that has ended, or has not started, does not become live", arguments: [true, false])
    func notStarting(isOver: Bool) async throws {
        _ = try await fixture.begin("dpl_1")
        if isOver {
            try await fixture.start("dpl_1")
            #expect(try await fixture.ledger.fail("dpl_1", as: .canceled, Self.failure))
        }
        #expect(try await fixture.ledger.makeLive("dpl_1", .sample(), in: fixture.production) == nil)
        #expect(try await fixture.ledger.refs(of: fixture.app).isEmpty)
    }

    @Test("A failure ends the deployment once, with its end event, and frees the environment")
    func fails() async throws {
        _ = try await fixture.begin("dpl_1")
        try await fixture.start("dpl_1")
        #expect(try await fixture.ledger.fail("dpl_1", as: .failed, Self.failure))
        #expect(try await !fixture.ledger.fail("dpl_1", as: .canceled, Self.failure))
        #expect(try await !fixture.ledger.advance("dpl_1", to: .starting, phase: .switching, "too late"))

        let deployment = try #require(try await fixture.ledger.deployment("dpl_1"))
        #expect(deployment.status == .failed)
        #expect(deployment.failure == Self.failure)
        let end = try #require(try await fixture.ledger.events(of: "dpl_1", after: 0).last)
        #expect(end.type == .end)
        #expect(end.deployment == deployment)
        #expect(try await fixture.begin("dpl_2").isNew)
    }

    @Test("Events are numbered from 1 without a gap, in order, and can be read from anywhere")
    func events() async throws {
        _ = try await fixture.begin("dpl_1")
        let ledger = fixture.ledger
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...50 {
                group.addTask { try await ledger.append(.log, phase: .checking, "line \(number)", to: "dpl_1") }
            }
            try await group.waitForAll()
        }
        let events = try await ledger.events(of: "dpl_1", after: 0)
        #expect(events.map(\.id) == Array(1...51))
        #expect(Set(events.dropFirst().map(\.message)) == Set((1...50).map { "line \($0)" }))
        #expect(try await ledger.events(of: "dpl_1", after: 49).map(\.id) == [50, 51])
        #expect(try await ledger.events(of: "dpl_1", after: 51).isEmpty)
    }

    @Test("Stored refs move together or not at all")
    func changeRefs() async throws {
        let ledger = fixture.ledger
        try await ledger.changeRefs(
            of: fixture.app,
            [
                .init(ref: "refs/tags/a", old: nil, new: objectID("a")),
                .init(ref: "refs/tags/b", old: nil, new: objectID("b")),
            ])
        let problem = try await fixture.problem {
            try await ledger.changeRefs(
                of: fixture.app,
                [
                    .init(ref: "refs/tags/a", old: objectID("a"), new: nil),
                    .init(ref: "refs/tags/b", old: nil, new: objectID("c")),
                ])
        }
        #expect(problem.current == objectID("b"))
        #expect(try await ledger.refs(of: fixture.app).map(\.ref) == ["refs/tags/a", "refs/tags/b"])
        try await ledger.changeRefs(of: fixture.app, [.init(ref: "refs/tags/a", old: objectID("a"), new: nil)])
        #expect(try await ledger.refs(of: fixture.app).map(\.ref) == ["refs/tags/b"])
    }

    @Test("Refs that come with a deployment move with its switch, or the release does not go live")
    func refsBesideARelease() async throws {
        let ledger = fixture.ledger
        try await ledger.changeRefs(of: fixture.app, [.init(ref: "refs/tags/a", old: nil, new: objectID("a"))])
        for (old, isLive) in [(nil, false), (objectID("a"), true)] as [(String?, Bool)] {
            var request = DeploymentRequest.sample()
            request.refs = [.init(ref: "refs/tags/a", old: old, new: objectID("b"))]
            let id = "dpl_\(isLive)"
            let number = try? await fixture.deploy(id, request)
            #expect((number != nil) == isLive)
            let refs = try await ledger.refs(of: fixture.app).map { "\($0.ref) \($0.objectID)" }
            #expect(
                refs == (isLive ? ["refs/heads/main \(request.commit)"] : [])
                    + ["refs/tags/a \(objectID(isLive ? "b" : "a"))"])
            if !isLive { #expect(try await ledger.fail(id, as: .failed, Self.failure)) }
        }
    }

    @Test("A branch from which something is live is no stored ref")
    func liveBranch() async throws {
        let request = DeploymentRequest.sample()
        try await fixture.deploy("dpl_1", request)
        let problem = try await fixture.problem {
            try await fixture.ledger.changeRefs(
                of: fixture.app, [.init(ref: "refs/heads/main", old: request.commit, new: nil)])
        }
        #expect(problem.code == .configInvalid)
    }

    @Test("A ref and one below it cannot both be: git could not hold them")
    func nestedRefs() async throws {
        let ledger = fixture.ledger
        try await ledger.changeRefs(of: fixture.app, [.init(ref: "refs/tags/a", old: nil, new: objectID("a"))])
        try? await ledger.changeRefs(of: fixture.app, [.init(ref: "refs/tags/a/b", old: nil, new: objectID("a"))])
        #expect(try await ledger.refs(of: fixture.app).map(\.ref) == ["refs/tags/a"])
    }

    @Test("Of two branches that git could not hold together, one in a folder of the other's name, one becomes live")
    func nestedBranches() async throws {
        let (outer, inner) = (
            DeploymentRequest.sample(environment: "a", ref: "refs/heads/a"),
            DeploymentRequest.sample(environment: "a-b", ref: "refs/heads/a/b")
        )
        for (id, request) in [("dpl_1", outer), ("dpl_2", inner)] {
            _ = try await fixture.begin(id, request)
            try await fixture.start(id)
        }
        #expect(
            try await fixture.ledger.makeLive("dpl_1", outer, in: EnvironmentID(app: fixture.app, name: "a")) == 1)
        let problem = try await fixture.problem {
            _ = try await fixture.ledger.makeLive("dpl_2", inner, in: EnvironmentID(app: fixture.app, name: "a-b"))
        }
        #expect(problem.code == .configInvalid)
        #expect(try await fixture.ledger.refs(of: fixture.app).map(\.ref) == ["refs/heads/a"])
        #expect(try await fixture.ledger.deployment("dpl_2")?.status == .starting)
    }

    @Test("Without its environment a deployment does not become live")
    func environmentGone() async throws {
        _ = try await fixture.begin("dpl_1")
        try await fixture.start("dpl_1")
        try await fixture.ledger.pool.write { try $0.execute(sql: "DELETE FROM environment") }
        let problem = try await fixture.problem {
            _ = try await fixture.ledger.makeLive("dpl_1", .sample(), in: fixture.production)
        }
        #expect(problem.code == .superseded)
        #expect(try await fixture.ledger.releases(of: fixture.production).isEmpty)
        #expect(try await fixture.ledger.deployment("dpl_1")?.status == .starting)
    }

    private static let failure = DeploymentFailure(
        code: .crashed, phase: "checking", message: "'web' exited with status 1")
}
