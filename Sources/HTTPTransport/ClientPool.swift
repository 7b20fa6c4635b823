internal import AsyncHTTPClient
internal import NIOCore
internal import Synchronization

/// The library's clients, one for each proxy, as a proxy belongs to a client.
///
/// They live as long as the process, as connections are worth keeping.
final class ClientPool: Sendable {
    private let clients = Mutex<[HTTPProxy?: HTTPClient]>([:])

    func client(through proxy: HTTPProxy?) -> HTTPClient {
        clients.withLock { clients in
            if let client = clients[proxy] { return client }
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: Self.configuration(proxy))
            clients[proxy] = client
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
