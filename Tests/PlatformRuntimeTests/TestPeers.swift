import Glibc
import NIOCore
import NIOPosix
import Synchronization

typealias ByteChannel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

/// A TCP server of this machine whose connections are served by one closure each, until it is stopped or goes.
final class TestServer: Sendable {
    let port: Int
    private let listener: any Channel
    private let connections: Connections

    /// - Parameter reserved: a port that was kept for this server; without one the system chooses.
    init(
        on reserved: ReservedPort? = nil,
        _ serve: @escaping @Sendable (ByteChannel) async throws -> Void = { try await $0.executeThenClose { _, _ in } }
    ) async throws {
        let connections = Connections()
        let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
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
        listener =
            if let reserved {
                try await bootstrap.withBoundSocket(try reserved.open()).get()
            } else {
                try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
            }
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

/// A port of this machine that refuses connections, and that nobody else can get.
final class ReservedPort: Sendable {
    struct CannotBeReserved: Error {}

    let port: Int
    private let descriptor: Int32

    init() throws {
        let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(made, $0, length) == 0 && getsockname(made, $0, &length) == 0
            }
        }
        descriptor = made
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else { throw CannotBeReserved() }
    }

    deinit {
        close(descriptor)
    }

    /// Returns a socket that listens on the port, for its new owner.
    fileprivate func open() throws -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0, listen(copy, 1024) == 0 else { throw CannotBeReserved() }
        return copy
    }
}

/// A number that several tasks raise, and a way to wait for it to grow.
final class Counter: Sendable {
    private struct State {
        var number = 0
        var waiting: [(threshold: Int, reached: AsyncStream<Void>.Continuation)] = []
    }

    private let state = Mutex(State())

    @discardableResult
    func add(_ difference: Int) -> Int {
        state.withLock { state in
            state.number += difference
            for (threshold, reached) in state.waiting where threshold <= state.number { reached.finish() }
            state.waiting.removeAll { $0.threshold <= state.number }
            return state.number
        }
    }

    var value: Int { state.withLock { $0.number } }

    /// Returns when the number is `threshold` or more, or the calling task is canceled.
    func waitUntil(_ threshold: Int) async {
        let (stream, reached) = AsyncStream.makeStream(of: Void.self)
        state.withLock { state in
            if state.number >= threshold { reached.finish() } else { state.waiting.append((threshold, reached)) }
        }
        for await _ in stream {}
    }
}
