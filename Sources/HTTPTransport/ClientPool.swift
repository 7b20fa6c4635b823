internal import AsyncHTTPClient
internal import NIOCore
internal import Synchronization

/// The library's clients: proxy and guard belong to a client, and so do the connections that were made with them.
///
/// They live as long as the process, as connections are worth keeping.
final class ClientPool: Sendable {
    private struct Key: Hashable {
        let proxy: HTTPProxy?
        let isGuarded: Bool
    }

    private let clients = Mutex<[Key: HTTPClient]>([:])

    /// - Parameter isGuarded: whether each connection is looked at when it is made, and ended where it may not lead.
    func client(through proxy: HTTPProxy?, isGuarded: Bool) -> HTTPClient {
        clients.withLock { clients in
            let key = Key(proxy: proxy, isGuarded: isGuarded)
            if let client = clients[key] { return client }
            var configuration = Self.configuration(proxy)
            if isGuarded { configuration.http1_1ConnectionDebugInitializer = ReachExceeded.guardConnection }
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            clients[key] = client
            return client
        }
    }

    private static func configuration(_ proxy: HTTPProxy?) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            // A body may be silent for this long; platforms give a sign of life every 10 s.
            timeout: .init(connect: .seconds(10), read: .seconds(60)))
        // Over HTTP/2 the library ends the process when a server answers before it has read the whole body, as registries
        // do that want credentials; and a few connections serve uploads better than one.
        configuration.httpVersion = .http1Only
        // Whoever refuses a connection is believed; trying again is the policy's business.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.proxy = proxy.map { proxy in
            switch proxy.kind {
            case .socks: .socksServer(host: proxy.host, port: proxy.port)
            case .http:
                .server(
                    host: proxy.host, port: proxy.port,
                    authorization: proxy.user.map { .basic(username: $0, password: proxy.password ?? "") })
            }
        }
        return configuration
    }
}
