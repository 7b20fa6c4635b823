import NIOCore
import NIOPosix
import Synchronization

/// One client and, once it is found, the instance that serves it.
final class SplicedConnection: Sendable {
    /// Who spoke last, and when.
    private struct Activity {
        var speaker: Speaker?
        var time: NIODeadline
    }

    enum Speaker: Sendable {
        case client
        case backend
    }

    private let client: any Channel
    private let routes: RouteTable
    private let deadline = NIODeadline.now() + EnvironmentProxy.patience
    /// Nil while the instance is looked for and the client is silent.
    private let activity = Mutex<Activity?>(nil)

    init(client: any Channel, routes: RouteTable) {
        self.client = client
        self.routes = routes
    }

    /// Takes over an accepted channel that is not active yet; on its event loop.
    static func accept(_ client: any Channel, routes: RouteTable) throws {
        let connection = SplicedConnection(client: client, routes: routes)
        let end = NIOLoopBoundBox<SpliceHandler?>(nil, eventLoop: client.eventLoop)
        let handler = SpliceHandler {
            if let handler = end.value { connection.open(NIOLoopBound(handler, eventLoop: client.eventLoop)) }
            end.value = nil
        } onRead: {
            connection.spoke(.client)
        }
        end.value = handler
        try client.pipeline.syncOperations.addHandler(handler)
    }

    /// Looks for the instance until it answers or the patience is over; nothing is asked of the client before.
    private func open(_ end: NIOLoopBound<SpliceHandler>) {
        guard let port = routes.enter(self) else { return tryAgain(end) }
        let backend = NIOLoopBound(SpliceHandler { self.spoke(.backend) }, eventLoop: client.eventLoop)
        ClientBootstrap(group: client.eventLoop)
            .connectTimeout(.seconds(2))
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // What the kernel holds when an instance closes is read at once: keep it small.
            .channelOption(.socketOption(.so_rcvbuf), value: 256 * 1024)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(backend.value) }
            }
            .connect(host: "127.0.0.1", port: port)
            .whenComplete { result in
                switch result {
                case .success(let channel): self.splice(end.value, backend.value, channel)
                case .failure: self.tryAgain(end)
                }
            }
    }

    private func tryAgain(_ end: NIOLoopBound<SpliceHandler>) {
        routes.leave(self)
        guard NIODeadline.now() < deadline else {
            client.close(promise: nil)
            return
        }
        client.eventLoop.scheduleTask(in: EnvironmentProxy.retryInterval) { [self] in
            if client.isActive { open(end) }
        }
    }

    private func splice(_ inward: SpliceHandler, _ outward: SpliceHandler, _ backend: any Channel) {
        guard client.isActive, backend.isActive else {
            routes.leave(self)
            client.close(promise: nil)
            return backend.close(promise: nil)
        }
        activity.withLock { $0 = $0 ?? Activity(speaker: nil, time: .now()) }
        client.closeFuture.whenComplete { _ in self.routes.leave(self) }
        SpliceHandler.join(inward, outward)
    }

    private func spoke(_ speaker: Speaker) {
        activity.withLock { $0 = Activity(speaker: speaker, time: .now()) }
    }

    /// True when nothing came for `period` and the client waits for nothing.
    func isQuiet(for period: TimeAmount) -> Bool {
        activity.withLock { activity in
            guard let activity, activity.speaker != .client else { return false }
            return NIODeadline.now() - activity.time >= period
        }
    }

    /// Closes both sides.
    func close() async {
        try? await client.close()
        routes.leave(self)
    }
}
