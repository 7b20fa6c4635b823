import AsyncAlgorithms
import NIOCore
@testable import Platform
import ProcessRunner
import Testing

@Suite("git's routes: a client that goes away", .timeLimit(.minutes(1)))
struct BrokenOffTests {
    @Test("When the body breaks off, git hears the end of its input and leaves")
    func ends() async throws {
        struct GoneAway: Error {}
        let body = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
            continuation.yield(ByteBuffer(string: "half"))
            continuation.finish(throwing: GoneAway())
        }
        let git = Command(
            "sh", ["-c", "printf 'Expires: never\\r\\n\\r\\n'; cat; echo ' heard'"],
            environment: TestPlatform.environment)
        let answer = AsyncThrowingChannel<[UInt8], any Error>()
        async let conversation: Void = GitRoutes.converse(git, body, CGIHeader(), answer)
        var heard: [UInt8] = []
        for try await piece in answer { heard += piece }
        try await conversation
        #expect(String(decoding: heard, as: UTF8.self) == "half heard\n")
    }
}
