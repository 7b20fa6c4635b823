import ProcessRunner
import Testing

@Suite struct ConversationTests {
    @Test("Five mebibytes go both ways at once")
    func throughCat() async throws {
        let block = (0..<65536).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let (received, status) = try await Command("cat", environment: basic)
            .converse(deadline: .seconds(60), errorOutput: .discard) { conversation in
                async let written: Void = {
                    for _ in 0..<80 { try await conversation.write(block) }
                    await conversation.finishInput()
                }()
                var received: [UInt8] = []
                for try await chunk in conversation.output { received += chunk }
                try await written
                return received
            }
        #expect(status == .exited(0))
        #expect(received == Array(repeatElement(block, count: 80).joined()))
    }

    @Test("Question and answer alternate")
    func dialogue() async throws {
        let script = "while read -r line; do echo \"<$line>\"; done; exit 4"
        let (answers, status) = try await shell(script).converse(deadline: .seconds(20), errorOutput: .discard) {
            conversation in
            var iterator = conversation.output.makeAsyncIterator()
            var answers: [String] = []
            for question in ["one", "two"] {
                try await conversation.write(Array("\(question)\n".utf8))
                answers.append(String(decoding: try await iterator.next() ?? [], as: UTF8.self))
            }
            return answers
        }
        #expect(answers == ["<one>\n", "<two>\n"])
        #expect(status == .exited(4))
    }

    @Test("Writing to a program that has gone is an error, not a signal")
    func brokenPipe() async throws {
        let error = await #expect(throws: ProcessError.self) {
            _ = try await shell("exec <&-; echo closed; sleep 1000").converse(
                deadline: .seconds(20), errorOutput: .discard
            ) { conversation in
                for try await _ in conversation.output { break }
                try await conversation.write([UInt8](repeating: 0, count: 1_000_000))
            }
        }
        #expect(error?.kind == .inputClosed)
    }

    @Test("An error of the caller's ends the program and is passed on")
    func ownError() async throws {
        struct Own: Error {}
        await #expect(throws: Own.self) {
            _ = try await shell("sleep 1000").converse(deadline: nil, errorOutput: .discard) { _ in throw Own() }
        }
    }

    @Test("A caller that leaves early closes the program's pipes")
    func leavesEarly() async throws {
        let (_, status) = try await Command("yes", environment: basic)
            .converse(deadline: .seconds(20), errorOutput: .discard) { _ in }
        #expect(status == .signaled(13))
    }

    @Test("A conversation ends at its deadline while the caller waits for an answer")
    func deadline() async throws {
        await #expect(throws: ProcessError(.timedOut(.milliseconds(200)), command: "sh")) {
            try await shell("sleep 1000").converse(deadline: .milliseconds(200), errorOutput: .discard) {
                conversation in
                for try await _ in conversation.output {}
            }
        }
    }
}
