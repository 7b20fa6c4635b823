import Foundation
import Glibc
import Synchronization
import Testing

@testable import PushPipeline

/// git's end of the line.
struct GitChannelTests {
    /// A channel whose two ends the test holds.
    private final class Line: Sendable {
        let channel: GitChannel
        /// What git writes to and reads from.
        let toHelper: Int32
        let fromHelper: Int32
        private let own: [Int32]

        init() throws {
            let (input, output) = (try Self.pair(), try Self.pair())
            (toHelper, fromHelper, own) = (input[0], output[0], [input[1], output[1]])
            channel = GitChannel(reading: own[0], writing: own[1])
        }

        /// Two connected sockets that no child process gets to see.
        private static func pair() throws -> [Int32] {
            var ends: [Int32] = [0, 0]
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
            return ends
        }

        func say(_ text: String) {
            let bytes = Array(text.utf8)
            #expect(write(toHelper, bytes, bytes.count) == bytes.count)
        }

        // A child that is being started by another test may hold a copy of the socket; these reach them all.
        func endInput() { #expect(shutdown(toHelper, Int32(SHUT_WR)) == 0) }
        func stopListening() { #expect(shutdown(fromHelper, Int32(SHUT_RDWR)) == 0) }

        // The helper's ends stay open: its reader may still be there, and must not get to read somebody else's file.
        deinit { for descriptor in [toHelper, fromHelper] { close(descriptor) } }
    }

    @Test(
        "Lines come whole and in order however they were cut, and what follows them as it is", .timeLimit(.minutes(1)))
    func lines() async throws {
        let line = try Line()
        line.say("one\ntw")
        #expect(await line.channel.nextLine() == Array("one".utf8))
        line.say("o\n\nrest")
        #expect(await line.channel.nextLine() == Array("two".utf8))
        #expect(await line.channel.nextLine() == [])
        #expect(await line.channel.nextChunk() == Array("rest".utf8))
        line.endInput()
        #expect(await line.channel.nextLine() == nil)
        #expect(await line.channel.nextChunk() == nil)
    }

    @Test("No byte is waited for that is there already, however reader and writer meet", .timeLimit(.minutes(1)))
    func races() async throws {
        let line = try Line()
        async let received: Int = {
            var count = 0
            while let chunk = await line.channel.nextChunk() { count += chunk.count }
            return count
        }()
        for _ in 0..<20_000 { line.say("x") }
        line.endInput()
        #expect(await received == 20_000)
    }

    @Test(
        "A git that takes no more aborts what is under way, and a line that never ends is cut", .timeLimit(.minutes(1)))
    func endings() async throws {
        let line = try Line()
        let long = Task { await line.channel.nextLine()?.count ?? 0 }
        let piece = String(repeating: "a", count: 60_000)
        for _ in 0..<40 { line.say(piece) }
        #expect(await long.value > 2 << 20)
        let ending = Mutex<GitChannel.Ending?>(nil)
        line.channel.whenOver { new in ending.withLock { $0 = new } }
        #expect(ending.withLock { $0 } == nil)
        line.stopListening()
        line.channel.write([1])
        #expect(ending.withLock { $0 } == .signal(SIGPIPE))
        #expect(await line.channel.nextLine() == nil)
    }
}
