import NIOCore
import NIOPosix
import Synchronization

typealias ByteChannel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

/// A TCP server of this machine whose connections are served by one closure each, until it is stopped or goes.
final class TestServer: Sendable {
    let port: Int
    private let listener: any Channel
    private let connections: Connections

    /// - Parameter port: 0 lets the system choose.
    init(
        port: Int = 0,
        _ serve: @escaping @Sendable (ByteChannel) async throws -> Void = { try await $0.executeThenClose { _, _ in } }
    ) async throws {
        let connections = Connections()
        listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { child in
                connections.add(child)
                return child.eventLoop.makeCompletedFuture {
                    let channel = try ByteChannel(
                        wrappingChannelSynchronously: child, configuration: .init(isOutboundHalfClosureEnabled: true))
                    Task { try? await serve(channel) }
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        self.port = listener.localAddress?.port ?? 0
        self.connections = connections
    }

    deinit {
        listener.close(promise: nil)
        connections.close()
    }

    /// Closes the port and every connection, as a program does that ends.
    func stop() async throws {
        try await listener.close()
        connections.close()
    }

    private final class Connections: Sendable {
        private let open = Mutex<[ObjectIdentifier: any Channel]>([:])

        func add(_ channel: any Channel) {
            let id = ObjectIdentifier(channel)
            open.withLock { $0[id] = channel }
            channel.closeFuture.whenComplete { _ in self.open.withLock { $0[id] = nil } }
        }

        func close() {
            for channel in open.withLock({ Array($0.values) }) { channel.close(promise: nil) }
        }
    }

    /// Answers each HTTP request with `name`; the connection stays open.
    static func http(_ name: String) -> @Sendable (ByteChannel) async throws -> Void {
        { channel in
            try await channel.executeThenClose { inbound, outbound in
                var received = ""
                for try await bytes in inbound {
                    received += String(buffer: bytes)
                    while let end = received.firstRange(of: "\r\n\r\n") {
                        received.removeSubrange(..<end.upperBound)
                        try await outbound.write(
                            ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)"))
                    }
                }
            }
        }
    }
}

/// Connects to a port of this machine and speaks for as long as the closure runs.
func withConnection<Result: Sendable>(
    to port: Int,
    _ body:
        @Sendable (NIOAsyncChannelInboundStream<ByteBuffer>, NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws ->
        Result
) async throws -> Result {
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try ByteChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
    return try await channel.executeThenClose(body)
}

/// The request that `TestServer.http` understands, and the answer's last byte.
enum TinyHTTP {
    static let request = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: test\r\n\r\n")

    /// Reads one answer with a body of one byte; nil when the connection ended before its first byte.
    static func answer(
        _ iterator: inout NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    ) async throws -> Character? {
        struct CutOff: Error {}
        var received = ""
        while let bytes = try await iterator.next(isolation: #isolation) {
            received += String(buffer: bytes)
            if let end = received.firstRange(of: "\r\n\r\n"), end.upperBound < received.endIndex {
                return received.last
            }
        }
        guard received.isEmpty else { throw CutOff() }
        return nil
    }
}

/// A number that several tasks change.
final class Counter: Sendable {
    private let number = Mutex(0)

    @discardableResult
    func add(_ difference: Int) -> Int {
        number.withLock { number in
            number += difference
            return number
        }
    }

    var value: Int { add(0) }
}
