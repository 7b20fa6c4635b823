import Foundation
import Glibc

/// What a test asks of the platform, sent as it is written here.
struct WebRequest: Sendable {
    var method = "GET"
    /// The path and query as they stand in the request line, escaped or not.
    var target: String
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    fileprivate func bytes(host: String) -> [UInt8] {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: \(host)", "Connection: close"]
        if !body.isEmpty || !["GET", "HEAD"].contains(method) { lines.append("Content-Length: \(body.count)") }
        lines += headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }
}

/// What came back.
struct WebAnswer: Sendable {
    let status: Int
    /// By lower-case name.
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    /// The media type without its parameters; nil when there is none.
    var mediaType: String? { headers["content-type"]?.split(separator: ";").first.map(String.init) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(body))
    }
}

/// A plain HTTP/1.1 client, one connection for each request, that sends what it is told to.
///
/// It blocks threads of its own, never those on which the platform under test runs.
enum Web {
    /// Why there was no whole answer.
    struct NoAnswer: Error {
        let why: String
    }

    static func send(_ request: WebRequest, port: Int) async throws -> WebAnswer {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let connection = try Connection(port: port)
                        connection.send(request.bytes(host: "127.0.0.1:\(port)"))
                        var parser = AnswerParser()
                        while let bytes = try connection.receive() { parser.add(bytes) }
                        return try parser.answer(hasBody: request.method != "HEAD")
                    })
            }
        }
    }

    /// The text that an app of this machine answers with at its URL.
    static func get(_ url: String) async throws -> String {
        guard let port = url.split(separator: ":").last.flatMap({ Int($0) }) else { throw NoAnswer(why: "no port") }
        return try await send(WebRequest(target: "/"), port: port).text
    }

    /// The lines of the answer's body as they come.
    static func lines(of request: WebRequest, port: Int) -> AsyncThrowingStream<String, any Error> {
        AsyncThrowingStream { continuation in
            Thread.detachNewThread {
                do {
                    let connection = try Connection(port: port)
                    continuation.onTermination = { _ in connection.hangUp() }
                    connection.send(request.bytes(host: "127.0.0.1:\(port)"))
                    var parser = AnswerParser()
                    var told = 0
                    while let bytes = try connection.receive() {
                        parser.add(bytes)
                        let lines = parser.bodyText.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                        for line in lines.dropFirst(told) { continuation.yield(String(line)) }
                        told = max(told, lines.count)
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
        }
    }
}

/// A socket to a port of this machine.
private final class Connection: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Web.NoAnswer(why: "no connection: errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// Ends the conversation for a thread that waits in `receive`.
    func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Sends what the platform takes; one that answers early and hangs up is listened to all the same.
    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
    }

    /// The next bytes, or nil at the end.
    func receive() throws -> ArraySlice<UInt8>? {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count > 0 { return chunk[..<count] }
        if count == 0 || errno == ECONNRESET { return nil }
        throw Web.NoAnswer(why: "the answer broke off: errno \(errno)")
    }
}

/// Takes an HTTP/1.1 answer apart (RFC 9112).
private struct AnswerParser {
    private var bytes: [UInt8] = []

    mutating func add(_ more: ArraySlice<UInt8>) { bytes += more }

    private var bodyStart: Int? { bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound }

    private var headLines: [String] {
        String(decoding: bytes[..<(bodyStart ?? 0)], as: UTF8.self).split(separator: "\r\n").map(String.init)
    }

    private var headers: [String: String] {
        var headers: [String: String] = [:]
        for line in headLines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.last.map { $0.trimmingCharacters(in: .whitespaces) }
        }
        return headers
    }

    /// The body as far as it has come.
    var bodyText: String { String(decoding: body.bytes, as: UTF8.self) }

    private var body: (bytes: [UInt8], isWhole: Bool) {
        guard let bodyStart else { return ([], false) }
        let headers = headers
        if headers["transfer-encoding"] == "chunked" { return Self.chunks(bytes[bodyStart...]) }
        let rest = Array(bytes[bodyStart...])
        return (rest, headers["content-length"].map { Int($0) == rest.count } ?? true)
    }

    private static func chunks(_ bytes: ArraySlice<UInt8>) -> (bytes: [UInt8], isWhole: Bool) {
        var body: [UInt8] = []
        var rest = bytes
        while let end = rest.firstRange(of: Array("\r\n".utf8)),
            let size = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16)
        {
            if size == 0 { return (body, true) }
            body += rest[end.upperBound...].prefix(size)
            rest = rest[end.upperBound...].dropFirst(size + 2)
        }
        return (body, false)
    }

    func answer(hasBody: Bool) throws -> WebAnswer {
        guard let status = headLines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw Web.NoAnswer(why: "this is no answer: '\(String(decoding: bytes.prefix(200), as: UTF8.self))'")
        }
        let body: (bytes: [UInt8], isWhole: Bool) = hasBody ? body : ([], true)
        guard body.isWhole else { throw Web.NoAnswer(why: "the body of the answer with status \(status) broke off") }
        return WebAnswer(status: status, headers: headers, body: body.bytes)
    }
}
