import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// An HTTP server of this machine that answers with one closure, until it goes.
final class HTTPPeer: Sendable {
    struct Question: Sendable {
        let method: String
        /// The path without its query.
        let path: String
        let query: [String: String]
        let headers: HTTPHeaders
        let body: [UInt8]

        func values(_ name: String) -> [String] { all.filter { $0.0 == name }.map(\.1) }
        fileprivate let all: [(String, String)]
    }

    struct Answer: Sendable {
        var status: Int
        var headers: [(String, String)] = []
        var body: [UInt8] = []
        /// Ends the connection instead of answering.
        var breaksOff = false
        /// Announces the whole body and ends the connection after so many bytes of it.
        var cutAfter: Int?
    }

    let port: Int
    var host: String { "127.0.0.1:\(port)" }
    private let listener: any Channel

    /// - Parameter early: what is answered before the body is read; nil for what is read whole.
    init(
        early: @escaping @Sendable (HTTPRequestHead) -> Answer? = { _ in nil },
        _ answer: @escaping @Sendable (Question) async -> Answer
    ) async throws {
        listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.configureHTTPServerPipeline()
                    let channel = try NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>(
                        wrappingChannelSynchronously: child)
                    Task { try? await Self.serve(channel, early, answer) }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
    }

    deinit { listener.close(promise: nil) }

    private typealias Output = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    private static func serve(
        _ channel: NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>,
        _ early: @Sendable (HTTPRequestHead) -> Answer?, _ answer: @Sendable (Question) async -> Answer
    ) async throws {
        try await channel.executeThenClose { input, output in
            var head: HTTPRequestHead?
            var body: [UInt8] = []
            for try await part in input {
                switch part {
                case .head(let begun):
                    (head, body) = (begun, [])
                    guard let reply = early(begun) else { continue }
                    head = nil
                    guard try await send(reply, to: begun.method, output) else { return }
                case .body(let bytes): if head != nil { body += Array(bytes.readableBytesView) }
                case .end:
                    guard let head else { return }
                    let reply = await answer(question(head, body))
                    guard try await send(reply, to: head.method, output) else { return }
                }
            }
        }
    }

    /// - Returns: whether the connection stays.
    private static func send(_ reply: Answer, to method: HTTPMethod, _ output: Output) async throws -> Bool {
        if reply.breaksOff { return false }
        var headers = HTTPHeaders(reply.headers)
        headers.replaceOrAdd(name: "Content-Length", value: "\(reply.body.count)")
        try await output.write(
            .head(.init(version: .http1_1, status: .init(statusCode: reply.status), headers: headers)))
        if method != .HEAD {
            let sent = reply.body.prefix(reply.cutAfter ?? .max)
            try await output.write(.body(.byteBuffer(ByteBuffer(bytes: sent))))
            if reply.cutAfter != nil { return false }
        }
        try await output.write(.end(nil))
        return true
    }

    private static func question(_ head: HTTPRequestHead, _ body: [UInt8]) -> Question {
        let parts = head.uri.split(separator: "?", maxSplits: 1)
        let pairs = parts.count > 1 ? parts[1].split(separator: "&") : []
        let all = pairs.map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(sides[0]), sides.count > 1 ? String(sides[1]).removingPercentEncoding ?? "" : "")
        }
        return Question(
            method: head.method.rawValue, path: String(parts[0]),
            query: Dictionary(all, uniquingKeysWith: { first, _ in first }), headers: head.headers, body: body, all: all
        )
    }
}
