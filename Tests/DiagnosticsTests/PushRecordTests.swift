import Diagnostics
import Foundation
import Synchronization
import Testing

/// What a push leaves behind for programs.
final class PushRecordTests {
    private struct Line: Decodable {
        let v: Int
        let seq: Int
        let run: String
        let event: String
    }

    private struct Result: Decodable {
        struct Ref: Decodable { let ref: String, ok: Bool, code: String? }

        let event: String, ok: Bool, code: String?, message: String?, phase: String?, hint: String?, retryable: Bool
        let deployment: String?, url: String?, commit: String?, live_commit: String?
        let refs: [Ref], more_refs: Int?, log_file: String?, log_tail: [String]
    }

    private let folder = NSTemporaryDirectory() + "bim-record-\(UUID().uuidString)"

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    }

    private func result() throws -> Result {
        try JSONDecoder().decode(Result.self, from: Data(try text("last-push.json").utf8))
    }

    private func outcome(tail: [String] = []) -> Event {
        .outcome(
            DeploymentOutcome(
                environment: "production", deployment: "dpl_1", release: nil, url: "http://x", commit: "c1",
                liveCommit: "c0", phase: "checking", logTail: tail))
    }

    @Test("Every event is a numbered line of JSON, the result is the last one and a file of its own")
    func lines() throws {
        let echoed = Mutex("")
        let record = PushRecord(run: "r_1") { line in echoed.withLock { $0 += line } }
        record.begin(in: folder)
        for event: Event in [
            .headline("main → production"), .alive, .finished(.build, "own builder", .seconds(1)),
            outcome(tail: ["KeyError"]),
            .failure(UserError(.crashed, "'web' exited", hint: "mend it")),
            .answered(ref: "refs/heads/main", code: .crashed, reason: "CRASHED: 'web' exited"),
        ] { record.take(event) }
        record.finish()
        record.finish()
        let lines = try text("last-push.jsonl").split(separator: "\n")
        let decoded = try lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(decoded.map(\.event) == ["headline", "step.finished", "deployment", "failure", "ref", "result"])
        #expect(decoded.map(\.seq) == Array(1...6))
        #expect(decoded.allSatisfy { $0.v == 1 && $0.run == "r_1" })
        #expect(echoed.withLock { $0 } == (try text("last-push.jsonl")))
        #expect(try text("last-push.json") == lines.last.map { $0 + "\n" })
        let result = try result()
        #expect(!result.ok && result.code == "CRASHED" && result.phase == "checking" && result.hint == "mend it")
        #expect(result.deployment == "dpl_1" && result.url == "http://x" && result.live_commit == "c0")
        #expect(result.refs.map(\.code) == ["CRASHED"] && result.log_tail == ["KeyError"])
        #expect(result.log_file == "\(folder)/last-push.jsonl")
    }

    @Test("However much there is to say, the result stays small enough for one read")
    func limits() throws {
        let record = PushRecord(run: nil, echo: nil)
        record.begin(in: folder)
        record.take(outcome(tail: Array(repeating: String(repeating: "\u{1}é\"", count: 2000), count: 100)))
        record.take(.failure(UserError(.crashed, String(repeating: "ü", count: 9000))))
        for number in 1...1000 {
            record.take(
                .answered(ref: "refs/heads/\(number)" + String(repeating: "x", count: 900), code: nil, reason: "no"))
        }
        record.finish()
        #expect(try text("last-push.json").utf8.count < 16_000)
        let result = try result()
        #expect(result.refs.count == 10 && result.more_refs == 990)
        #expect(!result.log_tail.isEmpty && result.log_tail.count <= 50)
    }

    @Test(
        "The next push takes the record's place; one that is cut short says so, and one without a folder writes nothing"
    )
    func next() throws {
        let first = PushRecord(run: nil, echo: nil)
        first.begin(in: folder)
        first.take(.answered(ref: "refs/heads/main", code: nil, reason: nil))
        first.finish(interrupted: true)
        #expect(try result().ok, "what was answered stands")
        let second = PushRecord(run: nil, echo: nil)
        second.begin(in: folder)
        #expect(!FileManager.default.fileExists(atPath: folder + "/last-push.json"))
        second.finish(interrupted: true)
        #expect(try result().code == "INTERRUPTED")
        let before = try text("last-push.jsonl")
        let third = PushRecord(run: nil, echo: nil)
        third.begin(in: nil)
        third.take(.notice("a dry run"))
        third.finish()
        #expect(try text("last-push.jsonl") == before)
    }
}
