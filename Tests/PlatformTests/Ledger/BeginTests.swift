import Diagnostics
@testable import Platform
import PlatformAPI
import Testing

@Suite("The ledger: beginning a deployment")
struct BeginTests {
    private let fixture: LedgerFixture

    init() async throws {
        fixture = try await LedgerFixture()
    }

    @Test("It is queued, says so in its first event, and holds what was asked")
    func queued() async throws {
        let begun = try await fixture.begin("dpl_1")
        let deployment = begun.deployment
        #expect(begun.isNew)
        #expect(begun.environment?.id == fixture.production)
        #expect(deployment.status == .queued)
        #expect(deployment.app == "acme/api")
        #expect(deployment.url == "http://127.0.0.1:20001")
        #expect(deployment.finishedAt == nil)
        #expect(try await fixture.ledger.events(of: "dpl_1", after: 0).map(\.message) == ["queued"])
        #expect(deployment.artifact == DeploymentRequest.sample().artifact)
        #expect(deployment.ref == "refs/heads/main")
    }

    @Test("A ref that is not where the request says refuses it with the id that it has")
    func stale() async throws {
        try await fixture.deploy("dpl_1", .sample(commit: objectID("a")))
        for old in [nil, objectID("b")] {
            let problem = try await fixture.problem { _ = try await fixture.begin("dpl_2", .sample(old: old)) }
            #expect(problem.code == .staleRef)
            #expect(problem.status == 412)
            #expect(problem.current == objectID("a"))
        }
        #expect(try await fixture.ledger.deployment("dpl_2") == nil)
    }

    @Test("A ref that does not exist is stale without an id")
    func staleMissing() async throws {
        let problem = try await fixture.problem { _ = try await fixture.begin("dpl_1", .sample(old: objectID("b"))) }
        #expect(problem.code == .staleRef)
        #expect(problem.current == nil)
    }

    @Test("A busy environment refuses the next one and names the holder; another environment does not")
    func busy() async throws {
        _ = try await fixture.begin("dpl_1", .sample(commit: objectID("a")))
        #expect(try await fixture.ledger.advance("dpl_1", to: .pulling, phase: .releasing, "running"))
        let problem = try await fixture.problem { _ = try await fixture.begin("dpl_2") }
        #expect(problem.code == .deployInProgress)
        #expect(problem.status == 409)
        #expect(problem.retryable)
        #expect(problem.holder?.deployment == "dpl_1")
        #expect(problem.holder?.by == "local")
        #expect(problem.holder?.commit == objectID("a"))
        #expect(problem.holder?.phase == "releasing")
        #expect(try await fixture.ledger.deployment("dpl_2") == nil, "a refused deployment leaves nothing")

        try await fixture.environment("staging", port: 20002)
        _ = try await fixture.begin("dpl_3", .sample(environment: "staging", ref: "refs/heads/next"))
    }

    @Test("Of 20 that begin at once one wins, and 19 are told by whom")
    func race() async throws {
        let fixture = fixture
        let outcomes = await withTaskGroup(of: Result<String, any Error>.self) { group in
            for number in 1...20 {
                group.addTask {
                    do { return .success(try await fixture.begin("dpl_\(number)").deployment.id) } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let winners = outcomes.compactMap { try? $0.get() }
        let losers = outcomes.compactMap { outcome -> Problem? in
            if case .failure(let error) = outcome { error as? Problem } else { nil }
        }
        #expect(winners.count == 1)
        #expect(losers.count == 19)
        #expect(losers.allSatisfy { $0.code == .deployInProgress && $0.holder?.deployment == winners.first })
        #expect(try await fixture.ledger.deployments(of: fixture.app, environment: nil, limit: 100).count == 1)
    }

    @Test("The same idempotency key and request are answered with the first deployment, even when it is over")
    func replay() async throws {
        _ = try await fixture.begin("dpl_1", key: "k")
        let again = try await fixture.begin("dpl_2", key: "k")
        #expect(again.deployment.id == "dpl_1")
        #expect(!again.isNew)

        try await fixture.start("dpl_1")
        #expect(try await fixture.ledger.makeLive("dpl_1", .sample(), in: fixture.production) == 1)
        let late = try await fixture.begin("dpl_3", key: "k")
        #expect(late.deployment.id == "dpl_1")
        #expect(late.deployment.status == .healthy)
        #expect(try await fixture.ledger.deployment("dpl_3") == nil)
    }

    @Test("The same idempotency key with another request is refused")
    func mismatch() async throws {
        _ = try await fixture.begin("dpl_1", key: "k")
        let problem = try await fixture.problem {
            _ = try await fixture.begin("dpl_2", .sample(commit: objectID("b")), key: "k")
        }
        #expect(problem.status == 422)
    }

    @Test("A refused deployment does not use its idempotency key up")
    func refusedKey() async throws {
        _ = try await fixture.problem { _ = try await fixture.begin("dpl_1", .sample(old: objectID("b")), key: "k") }
        #expect(try await fixture.begin("dpl_2", key: "k").isNew)
    }

    @Test("A lease that ran out is taken over; one that was renewed is not")
    func takeOver() async throws {
        _ = try await fixture.begin("dpl_1")
        try await fixture.expireLease(of: "dpl_1")
        try await fixture.ledger.renewLease(of: "dpl_1")
        #expect(try await fixture.problem { _ = try await fixture.begin("dpl_2") }.code == .deployInProgress)
        try await fixture.expireLease(of: "dpl_1")
        #expect(try await fixture.begin("dpl_3").isNew)
        #expect(try await fixture.problem { _ = try await fixture.begin("dpl_4") }.holder?.deployment == "dpl_3")
    }

    @Test("A worker that lost its lease does not switch, though its ref is another one")
    func lostLease() async throws {
        let old = DeploymentRequest.sample(ref: "refs/heads/old")
        _ = try await fixture.begin("dpl_1", old)
        try await fixture.start("dpl_1")
        try await fixture.expireLease(of: "dpl_1")
        _ = try await fixture.begin("dpl_2", .sample(ref: "refs/heads/new"))
        let number = try? await fixture.ledger.makeLive("dpl_1", old, in: fixture.production)
        #expect(number == nil)
        #expect(try await fixture.ledger.releases(of: fixture.production).isEmpty)
    }

    @Test("An environment is made with its deployment, or not at all")
    func makesEnvironment() async throws {
        let begun = try await fixture.begin("dpl_1", .sample(environment: "staging"))
        #expect(begun.environment?.port == 20002)

        let problem = try await fixture.problem {
            _ = try await fixture.begin(
                "dpl_2", .sample(environment: "qa"), ports: PortChoice(candidates: [20003]) { _ in false })
        }
        #expect(problem.code == .quota)
        #expect(problem.status == 507)
        #expect(try await fixture.ledger.environments(of: fixture.app).map(\.id.name) == ["production", "staging"])
        #expect(try await fixture.ledger.deployment("dpl_2") == nil)
    }

    @Test("While a deployment holds an environment its port does not move")
    func keepsPort() async throws {
        _ = try await fixture.begin("dpl_1")
        let taken = PortChoice(candidates: [20001, 20002]) { $0 != 20001 }
        #expect(
            try await fixture.problem { _ = try await fixture.begin("dpl_2", ports: taken) }.code == .deployInProgress)
        #expect(try await fixture.ledger.environment(fixture.production)?.port == 20001)

        try await fixture.expireLease(of: "dpl_1")
        #expect(try await fixture.begin("dpl_3", ports: taken).environment?.port == 20002)
    }
}
