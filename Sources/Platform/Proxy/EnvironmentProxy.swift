import Glibc
package import NIOCore
import NIOPosix
import Synchronization

/// Why the proxy of an environment could not open its port.
package enum ProxyError: Error, Sendable, Equatable {
    /// Another program listens there.
    case portTaken(Int)
    case cannotListen(port: Int, reason: String)
}

/// The fixed address of an environment: a TCP splice from its port to the port of the live instance.
///
/// It knows no HTTP, so websockets, streams and HTTP/2 pass. A connection stays with the instance that it was connected
/// to; `route(to:)` decides about new connections alone.
package final class EnvironmentProxy: Sendable {
    /// How long a new connection waits for an instance that is away, and how often it asks.
    static let patience = TimeAmount.seconds(10)
    static let retryInterval = TimeAmount.milliseconds(50)

    private let host: String
    private let quietPeriod: Duration
    private let requestedPort: Int
    private let group: any EventLoopGroup
    private let routes = RouteTable()
    private let listener = Mutex<(any Channel)?>(nil)

    /// - Parameters:
    ///   - port: 0 lets the system choose; see `port`.
    ///   - quietPeriod: how long a connection must be silent to be closed by `drain`; streamed answers pause for
    ///     seconds, and the proxy cannot tell them from a connection that is kept for the next request.
    package init(
        port: Int, host: String = "127.0.0.1", quietPeriod: Duration = .seconds(10), group: any EventLoopGroup
    ) {
        self.quietPeriod = quietPeriod
        requestedPort = port
        self.host = host
        self.group = group
    }

    /// The port that is listened on, or the requested one before `start()`.
    package var port: Int {
        listener.withLock { $0?.localAddress?.port } ?? requestedPort
    }

    /// Opens the port.
    ///
    /// - Throws: `ProxyError`.
    package func start() async throws {
        let routes = routes
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { client in
                client.eventLoop.makeCompletedFuture { try SplicedConnection.accept(client, routes: routes) }
            }
        do {
            let channel = try await bootstrap.bind(host: host, port: requestedPort).get()
            listener.withLock { $0 = channel }
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ProxyError.portTaken(requestedPort)
        } catch {
            throw ProxyError.cannotListen(port: requestedPort, reason: "\(error)")
        }
    }

    /// Sends new connections, and those that still wait, to this port of the machine; nil lets them wait.
    package func route(to port: Int?) {
        routes.route(to: port)
    }

    /// Returns when no connection to `port` is left.
    ///
    /// A connection that was silent for the quiet period and does not owe its client an answer is closed at once; the others
    /// may finish until `limit` is over, or the calling task is canceled, and are closed then. A client is owed an
    /// answer when the last bytes were its own.
    package func drain(backend port: Int, limit: Duration) async {
        let end = ContinuousClock.now + limit
        while true {
            let open = routes.connections(to: port)
            if open.isEmpty { return }
            let isOver = ContinuousClock.now >= end || Task.isCancelled
            let leaving = open.filter { isOver || $0.isQuiet(for: TimeAmount(quietPeriod)) }
            for connection in leaving { await connection.close() }
            if isOver { return }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Closes the port and all connections.
    package func stop() async {
        let channel = listener.withLock { $0.take() }
        try? await channel?.close()
        for connection in routes.connections() { await connection.close() }
    }
}
