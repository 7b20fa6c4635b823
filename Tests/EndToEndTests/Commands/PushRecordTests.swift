import Foundation
import Testing

/// What programs read of a push: the record in the git folder, `BIM_OUTPUT=json`, `git bim deploy --json`.
struct PushRecordTests {
    struct Line: Decodable {
        let v: Int, seq: Int, run: String, event: String
        let ok: Bool?, code: String?, phase: String?, url: String?, live_commit: String?, commit: String?
        let retryable: Bool?, hint: String?, log_file: String?, log_tail: [String]?, release: Int?
    }

    private let sandbox: Sandbox
    private let project: Project

    init() async throws {
        sandbox = try Sandbox()
        project = try await Project(in: sandbox)
    }

    private func lines(_ text: String) throws -> [Line] {
        try text.split(separator: "\n").filter { $0.hasPrefix("{") }
            .map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    private func file(_ name: String) throws -> String {
        try String(contentsOfFile: "\(project.folder)/.git/bim/\(name)", encoding: .utf8)
    }

    @Test("A push leaves its lines and its result, after success and after failure, and no secret in them")
    func record() async throws {
        let good = try await project.commitApp(answering: "one")
        try await project.push("-o x-secret=hush main").success()
        var result = try #require(try lines(try file("last-push.json")).first)
        #expect(result.ok == true && result.commit == good && result.live_commit == good && result.release == 1)
        #expect(result.url == (try await project.url()))
        #expect(try lines(try file("last-push.jsonl")).last?.event == "result")
        let bad = try await project.commit("Break it", ["app.py": SampleApp.crashing])
        try await project.push().failure()
        result = try #require(try lines(try file("last-push.json")).first)
        #expect(result.ok == false && result.code == "CRASHED" && result.phase == "checking")
        #expect(result.commit == bad && result.live_commit == good && result.retryable == false)
        #expect(result.hint?.contains("release 1 is still live") == true)
        #expect(result.log_tail?.contains("KeyError: 'DATABASE_URL'") == true)
        #expect(result.log_file == "\(project.folder)/.git/bim/last-push.jsonl")
        let all = try file("last-push.jsonl") + file("last-push.json")
        #expect(!all.contains(try #require(sandbox.token)) && !all.contains("hush"))
        let before = try file("last-push.jsonl")
        try await project.push("-n main").success()
        #expect(try file("last-push.jsonl") == before, "a dry run leaves the record alone")
    }

    @Test("BIM_OUTPUT=json turns bim's lines on standard error into JSON, and leaves git's own")
    func output() async throws {
        try await project.commitApp(answering: "one")
        let push = try await project.push("main", ["BIM_OUTPUT": "json"]).success()
        let lines = try lines(push.stderr)
        #expect(lines.map(\.seq) == Array(1...lines.count) && Set(lines.map(\.run)).count == 1)
        #expect(lines.last?.event == "result" && lines.contains { $0.event == "live" && $0.url != nil })
        #expect(push.stderr.contains("* [new branch]      main -> main") && !push.stderr.contains("  build   "))
    }

    @Test("'git bim deploy' commits when told to, and answers with the status of the code")
    func deploy() async throws {
        try await project.commitApp(answering: "one")
        let first = try await project.git("bim deploy --json").success()
        #expect(
            try lines(first.stdout).last?.ok == true
                && first.stdout.split(separator: "\n").allSatisfy { $0.hasPrefix("{") })
        try project.write("app.py", SampleApp.answering("two"))
        try await project.git("bim deploy -a").failure(2)
        let same = try await project.git("bim deploy --json").success()
        #expect(try lines(same.stdout).last?.ok == true)
        #expect(try await project.answer() == "one", "what is not committed is not deployed")
        try await project.git("bim deploy staging -a -m Two").success()
        #expect(try await project.answer(of: "staging") == "two")
        #expect(try await project.git("log -1 --format=%s").stdout == "Two\n")
        try project.write("app.py", SampleApp.crashing)
        let failed = try await project.git("bim deploy -a -m Break --json").failure(14)
        #expect(try lines(failed.stdout).last?.code == "CRASHED")
        try await project.git("bim deploy").failure(14)
    }

    @Test("A pre-push hook that refuses is told as tests that failed, and not taken for the push before it")
    func hook() async throws {
        try await project.commitApp(answering: "one")
        try await project.push().success()
        try project.write(".git/hooks/pre-push", "#!/bin/sh\nexit 1\n", isExecutable: true)
        try await project.commitApp(answering: "two")
        let refused = try await project.git("bim deploy --json").failure(10)
        #expect(try lines(refused.stdout).last?.code == "TESTS_FAILED")
        #expect(try await project.answer() == "one")
    }
}
