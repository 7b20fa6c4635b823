internal import AsyncHTTPClient
package import Diagnostics
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL

/// Why no answer came.
package struct TransportError: Error, Sendable, CustomStringConvertible {
    /// The kinds of silence.
    package enum Kind: Sendable {
        case unreachable, timedOut, answerTooLarge, unreadableFile
        /// No address is known for the name of the server, or of the proxy.
        case unknownHost
        /// The server's certificate has expired, is of nobody who is trusted, or is for another name.
        case untrusted
        /// The proxy does not let the request through.
        case proxyRefused
        /// The host has an address to which this client may not go.
        case privateAddress
    }

    package let kind: Kind
    package let url: String
    package let detail: String

    package init(kind: Kind, url: String, detail: String) {
        self.kind = kind
        self.url = url
        self.detail = detail
    }

    package var description: String { "\(Trace.shown(url)): \(detail)" }
}

/// One request.
package struct Exchange: Sendable {
    /// What a request carries.
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// A file that is streamed; its size in bytes is announced.
        case file(path: String, size: Int64)
        /// A part of a file.
        case part(path: String, offset: Int64, size: Int64)
    }

    package var method: String
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: Body
    /// The time that one try may take.
    package var deadline: Duration
    /// Files with certificates, in PEM, that are trusted besides those of the system.
    package var certificates: [String] = []
    /// Whether the headers go with it that the user has set for the server.
    package var takesOwnHeaders = false

    package init(
        _ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: Body = .none,
        deadline: Duration = .seconds(30)
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadline = deadline
    }
}

/// One answer, its body whole.
package struct Reply: Sendable {
    package let status: Int
    package var body: [UInt8]
    private let headers: HTTPHeaders

    init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of a header, whatever its case.
    package func header(_ name: String) -> String? { headers.first(name: name) }

    /// All values of a header, in order.
    package func headers(_ name: String) -> [String] { headers[name] }

    /// The time that the server asks to wait (RFC 9110, 10.2.3), in seconds.
    package var retryAfter: Int? {
        guard let text = header("Retry-After") else { return nil }
        return Int(text) ?? HTTPDate.seconds(until: text)
    }
}

/// The one way in which bim's clients speak HTTP: every try has a deadline, every loop a policy, no redirect is followed.
package struct HTTPTransport: Sendable {
    private static let answerLimit = 8 << 20

    private let trace: Trace?
    private let reach: Reach
    private let settings: (any HTTPSettingsSource)?

    /// - Parameters:
    ///   - trace: told of each try and its answer, without headers, bodies and queries.
    ///   - reach: where it may connect to.
    ///   - settings: asked how each server is reached; nil reaches all directly and trusts the system's certificates.
    package init(trace: Trace? = nil, reach: Reach = .anywhere, settings: (any HTTPSettingsSource)? = nil) {
        self.trace = trace
        self.reach = reach
        self.settings = settings
    }

    /// Sends a request and reads the answer; tries again where the policy and the failure allow it.
    ///
    /// Only requests that may safely be made twice are given a policy of more than one try.
    package func send(_ exchange: Exchange, retry: RetryPolicy = .standard) async throws -> Reply {
        var attempt = 1
        while true {
            do {
                let reply = try await sendOnce(exchange)
                guard RetryPolicy.isTransient(reply.status), attempt < retry.attempts else { return reply }
                try await Task.sleep(for: retry.delay(after: attempt, asked: reply.retryAfter))
            } catch let error as TransportError where RetryPolicy.isTransient(error.kind) {
                guard attempt < retry.attempts else { throw error }
                try await Task.sleep(for: retry.delay(after: attempt, asked: nil))
            }
            attempt += 1
        }
    }

    /// The library's own deadline ends with the head of the answer; this one holds to the last byte.
    private func sendOnce(_ exchange: Exchange) async throws -> Reply {
        try await withThrowingTaskGroup(of: Reply.self) { group in
            group.addTask { try await attempt(exchange) }
            group.addTask {
                try await Task.sleep(for: exchange.deadline)
                throw TransportError(
                    kind: .timedOut, url: exchange.url, detail: "no whole answer in \(exchange.deadline)")
            }
            defer { group.cancelAll() }
            guard let reply = try await group.next() else { throw CancellationError() }
            return reply
        }
    }

    private func attempt(_ exchange: Exchange) async throws -> Reply {
        note(exchange)
        let settings = try await settings?.settings(for: exchange.url) ?? HTTPSettings()
        do {
            let response = try await client(for: exchange, settings).execute(
                try request(exchange, settings), deadline: .now() + .nanoseconds(exchange.deadline.nanoseconds))
            let body = try await response.body.collect(upTo: Self.answerLimit)
            trace?.note("http <", "\(response.status.code), \(body.readableBytes) bytes")
            return Reply(
                status: Int(response.status.code), headers: response.headers, body: Array(body.readableBytesView))
        } catch {
            throw translate(error, exchange)
        }
    }

    /// Sends a request once and hands over the answer's body as it comes, piece by piece.
    ///
    /// - Parameter onChunk: takes a piece; false ends the reading.
    /// - Returns: the answer, without its body where that was handed over: with status 200 or 206 alone.
    /// - Throws: what `onChunk` throws, as it is.
    package func stream(
        _ exchange: Exchange, onChunk: (ByteChunk) async throws -> Bool
    ) async throws -> Reply {
        note(exchange)
        let settings = try await settings?.settings(for: exchange.url) ?? HTTPSettings()
        do {
            let response = try await client(for: exchange, settings).execute(
                try request(exchange, settings), deadline: .now() + .nanoseconds(exchange.deadline.nanoseconds))
            trace?.note("http <", "\(response.status.code), as it comes")
            var body: [UInt8] = []
            if response.status == .ok || response.status == .partialContent {
                for try await buffer in response.body {
                    let chunk = Array(buffer.readableBytesView)
                    do {
                        guard try await onChunk(chunk) else { break }
                    } catch {
                        throw ReceiverFailed(cause: error)
                    }
                }
            } else {
                body = Array(try await response.body.collect(upTo: Self.answerLimit).readableBytesView)
            }
            return Reply(status: Int(response.status.code), headers: response.headers, body: body)
        } catch let failure as ReceiverFailed {
            throw failure.cause
        } catch {
            throw translate(error, exchange)
        }
    }

    /// Keeps what a receiver of pieces throws apart from what goes wrong on the way.
    private struct ReceiverFailed: Error {
        let cause: any Error
    }

    private func note(_ exchange: Exchange) {
        trace?.note("http >", "\(exchange.method) \(Trace.shown(exchange.url))")
    }

    /// A piece of a body.
    package typealias ByteChunk = [UInt8]

    private static let clients = ClientPool()

    private func client(for exchange: Exchange, _ settings: HTTPSettings) -> HTTPClient {
        Self.clients.client(through: settings.proxy, isGuarded: !reach.isFree(exchange.url))
    }

    private func request(_ exchange: Exchange, _ settings: HTTPSettings) throws -> HTTPClientRequest {
        var request = HTTPClientRequest(url: exchange.url)
        request.method = HTTPMethod(rawValue: exchange.method)
        for (name, value) in exchange.headers { request.headers.add(name: name, value: value) }
        if exchange.takesOwnHeaders {
            let set = request.headers
            for header in settings.headers where !set.contains(name: header.name) {
                request.headers.add(name: header.name, value: header.value)
            }
        }
        switch exchange.body {
        case .none: break
        case .bytes(let bytes): request.body = .bytes(ByteBuffer(bytes: bytes))
        case .file(let path, let size): request.body = .stream(FileChunks(path: path), length: .known(size))
        case .part(let path, let offset, let size):
            request.body = .stream(FileChunks(path: path, offset: offset, count: size), length: .known(size))
        }
        request.tlsConfiguration = try settings.tlsConfiguration(alsoTrusting: exchange.certificates)
        return request
    }

    private func translate(_ error: any Error, _ exchange: Exchange) -> any Error {
        trace?.note("http !", "\(error)")
        if Task.isCancelled { return CancellationError() }
        if error is CancellationError || error is TransportError { return error }
        return TransportError(
            kind: TransportError.Kind(of: error), url: exchange.url, detail: String(describing: error))
    }
}

extension Duration {
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
