import NIOCore
import NIOPosix
import Synchronization

/// A server of this machine that does, byte by byte, what a test has written down; one connection for each request.
final class ScriptedPeer: Sendable {
    /// A request as it came.
    struct Request: Sendable {
        let method: String
        let path: String
        /// Names in lower case.
        let headers: [String: String]
        let body: String
    }

    /// What the server does, in order; after the last it closes the connection.
    enum Move: Sendable {
        case send(String)
        /// Keeps the connection open and says nothing more.
        case stall
        /// Sends a byte at a time, over and over, until nobody listens.
        case trickle(String)
    }

    /// Scheme, host and port.
    var url: String { "http://127.0.0.1:\(port)" }
    let port: Int
    private let listener: any Channel
    private let seen: Log

    /// The requests so far.
    var requests: [Request] { seen.requests.withLock { $0 } }

    private final class Log: Sendable {
        let requests = Mutex<[Request]>([])
    }

    /// - Parameter script: what to do for a request, and how many came before it.
    init(_ script: @escaping @Sendable (Request, Int) -> [Move]) async throws {
        let seen = Log()
        listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    let channel = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: child)
                    Task { try? await Self.serve(channel, seen, script) }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
        self.seen = seen
    }

    deinit { listener.close(promise: nil) }

    private static func serve(
        _ channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ seen: Log,
        _ script: @Sendable (Request, Int) -> [Move]
    ) async throws {
        try await channel.executeThenClose { input, output in
            var bytes: [UInt8] = []
            var chunks = input.makeAsyncIterator()
            var request = Self.request(bytes)
            while request == nil {
                guard let chunk = try await chunks.next() else { return }
                bytes += chunk.readableBytesView
                request = Self.request(bytes)
            }
            guard let request else { return }
            let number = seen.requests.withLock { requests in
                requests.append(request)
                return requests.count - 1
            }
            for move in script(request, number) {
                switch move {
                case .send(let text): try await output.write(ByteBuffer(string: text))
                case .stall: while try await chunks.next() != nil {}
                case .trickle(let text):
                    while true {
                        for byte in text.utf8 {
                            try await output.write(ByteBuffer(bytes: [byte]))
                            try await Task.sleep(for: .milliseconds(2))
                        }
                    }
                }
            }
        }
    }

    /// The request, once it is whole.
    private static func request(_ bytes: [UInt8]) -> Request? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        let first = lines[0].split(separator: " ")
        let headers = lines.dropFirst().reduce(into: [String: String]()) { headers, line in
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        let body = text[end.upperBound...]
        guard body.utf8.count >= headers["content-length"].flatMap({ Int($0) }) ?? 0 else { return nil }
        return Request(method: String(first[0]), path: String(first[1]), headers: headers, body: String(body))
    }
}

extension ScriptedPeer.Move {
    /// A whole answer.
    static func answer(_ status: Int, _ body: String, _ headers: String = "") -> ScriptedPeer.Move {
        .send("HTTP/1.1 \(status) \r\n\(headers)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
    }
}
