import Foundation
import Testing

/// A dry run and `git bim plan`: everything is looked at, and nothing written or started.
struct PlanTests {
    private struct Plan: Decodable {
        struct Build: Decodable { let layers: Int, new_layers: Int }
        struct Upload: Decodable { let missing_layers: Int? }
        struct Live: Decodable { let commit: String, release: Int?, added: Int?, lost: Int? }
        struct Refusal: Decodable { let code: String? }
        let v: Int
        let environment: String?, is_protected: Bool?, is_up_to_date: Bool, changed_files: Int, starts_platform: Bool
        let build: Build?, upload: Upload?, live: Live?, refusal: Refusal?, processes: [String: String]
    }

    private let sandbox: Sandbox
    private let project: Project

    init() async throws {
        sandbox = try Sandbox()
        project = try await Project(in: sandbox)
    }

    private func plan(_ words: String = "", status: Int32 = 0) async throws -> Plan {
        let text = try await project.git("bim plan --json \(words)").failure(status).stdout
        return try JSONDecoder().decode(Plan.self, from: Data(text.utf8))
    }

    /// Every file but what the tests themselves print into, with what would tell a change.
    private func files() throws -> Set<String> {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: sandbox.root)
        return Set(
            try paths.filter { $0 != "io" && !$0.hasPrefix("io/") }.map {
                let facts = try FileManager.default.attributesOfItem(atPath: "\(sandbox.root)/\($0)")
                return "\($0) \(facts[.size] ?? 0) \(facts[.modificationDate] ?? "")"
            })
    }

    @Test("Before the first push a dry run and a plan leave no file and no process behind")
    func untouched() async throws {
        try await project.commitApp(answering: "one")
        let before = try files()
        let dry = try await project.push("--dry-run main").success()
        for line in [
            "would start the platform on this machine", "would build with own builder", "1 layer, 1 new",
            "would run web: python3 app.py", "nothing is live from 'main' yet",
        ] {
            #expect(dry.stderr.contains(line), "\(dry)")
        }
        let plan = try await plan()
        #expect(plan.starts_platform && plan.environment == "production" && plan.is_protected == true)
        #expect(try files().symmetricDifference(before) == [])
        #expect(sandbox.processes().isEmpty)
    }

    @Test("A plan says what is new, what is missing in the registry and what is live")
    func live() async throws {
        let first = try await project.commitApp(answering: "one")
        try await project.push().success()
        #expect(try await plan().is_up_to_date)
        try await project.commitApp(answering: "two")
        try project.write("other.txt", "not committed")
        let before = try files()
        let next = try await plan()
        #expect(next.live?.commit == first && next.live?.release == 1 && next.live?.added == 1 && next.live?.lost == 0)
        #expect(next.build?.layers == 1 && next.build?.new_layers == 1 && next.upload?.missing_layers == 1)
        #expect(next.changed_files == 1 && next.refusal == nil && next.processes["web"] == "python3 app.py")
        #expect(try await plan("--to staging").environment == "staging")
        // The platform looks after its own files meanwhile.
        let changed = try files().symmetricDifference(before).filter {
            !$0.contains("data/bim/platform") && !$0.contains("state/bim")
        }
        #expect(changed == [])
        try await project.push().success()
        let back = try await plan("HEAD~1", status: 5)
        #expect(back.refusal?.code == "NON_FAST_FORWARD")
        try await project.git("checkout --quiet -b main/below").failure(128)
        try await project.git("checkout --quiet -b broken").success()
        try await project.commit("No app", ["app.py": ""])
        try await project.git("rm --quiet app.py").success()
        try await project.commit("Nothing to run")
        #expect(try await plan(status: 11).refusal?.code == "NO_BUILDER")
    }

    @Test("While the platform is stopped a push that has nothing to send says so, and starts nothing")
    func stopped() async throws {
        try await project.commitApp(answering: "one")
        try await project.push().success()
        try await project.git("bim platform stop").success()
        let push = try await project.push().success()
        #expect(push.stderr.contains("Everything up-to-date"))
        #expect(push.stderr.contains("the platform on this machine is stopped"), "\(push)")
        #expect(try await plan().is_up_to_date)
        #expect(sandbox.platformProcess == nil)
        try await project.commitApp(answering: "two")
        try await project.push("-n main").success()
        #expect(sandbox.platformProcess == nil)
        try await project.push().success()
        #expect(try await project.answer() == "two")
    }
}
