import NIOCore
import NIOPosix
@testable import Platform
import Testing

@Suite(.timeLimit(.minutes(1))) struct PausingStreamTests {
    /// Sends `one`, and `two` when the other side is told to go on.
    private static func pausing(until goOn: AsyncStream<Void>) -> @Sendable (ByteChannel) async throws -> Void {
        { channel in
            try await channel.executeThenClose { inbound, outbound in
                for try await _ in inbound {
                    try await outbound.write(ByteBuffer(string: "one"))
                    for await _ in goOn {}
                    try await outbound.write(ByteBuffer(string: "two"))
                    return
                }
            }
        }
    }

    private func proxy(quietPeriod: Duration, to server: TestServer) async throws -> EnvironmentProxy {
        let proxy = EnvironmentProxy(port: 0, quietPeriod: quietPeriod, group: .singletonMultiThreadedEventLoopGroup)
        try await proxy.start()
        proxy.route(to: server.port)
        return proxy
    }

    @Test("An answer that pauses for less than the quiet period is not cut off; one that pauses for longer is")
    func pause() async throws {
        let (silence, never) = AsyncStream.makeStream(of: Void.self)
        let (pause, goOn) = AsyncStream.makeStream(of: Void.self)
        let quietServer = try await TestServer(Self.pausing(until: silence))
        let pausingServer = try await TestServer(Self.pausing(until: pause))
        let quiet = try await proxy(quietPeriod: .milliseconds(500), to: quietServer)
        let patient = try await proxy(quietPeriod: .seconds(3600), to: pausingServer)
        let heard = AsyncStream.makeStream(of: Void.self)

        async let answer = withConnection(to: patient.port) { inbound, outbound in
            try await outbound.write(TinyHTTP.request)
            var text = ""
            for try await bytes in inbound {
                text += String(buffer: bytes)
                heard.continuation.finish()
            }
            return text
        }
        for await _ in heard.stream {}
        async let drained: Void = patient.drain(backend: pausingServer.port, limit: .seconds(3600))
        // The other connection pauses no longer than this one does by then.
        let cut = try await withConnection(to: quiet.port) { inbound, outbound in
            try await outbound.write(TinyHTTP.request)
            var iterator = inbound.makeAsyncIterator()
            let first = try await iterator.next().map { String(buffer: $0) }
            await quiet.drain(backend: quietServer.port, limit: .seconds(3600))
            return first
        }
        #expect(cut == "one")
        goOn.finish()
        #expect(try await answer == "onetwo")
        await drained
        never.finish()
        for proxy in [quiet, patient] { await proxy.stop() }
    }
}
