import Foundation
import Glibc

/// A plain HTTP/1.1 client: one request, one connection.
enum WebClient {
    struct Answer: Equatable {
        let status: Int
        let body: String
    }

    /// Why there was no whole answer.
    struct NoAnswer: Error, CustomStringConvertible {
        let description: String
    }

    /// Fetches `url` on a thread of its own, so that no other test waits for it.
    static func get(_ url: String, headers: [String: String] = [:]) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try blockingGet(url, headers: headers) }) }
        }
    }

    /// Fetches `url` and blocks meanwhile.
    static func blockingGet(_ url: String, headers: [String: String] = [:]) throws -> Answer {
        guard let parts = URLComponents(string: url), let port = parts.port else {
            throw NoAnswer(description: "'\(url)' has no port")
        }
        let descriptor = try connection(to: UInt16(port))
        defer { close(descriptor) }
        let path = parts.path.isEmpty ? "/" : parts.path
        let lines =
            ["GET \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"] + headers.map { "\($0): \($1)" }
        let request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw NoAnswer(description: "the request was not taken: errno \(errno)")
        }
        return try answer(from: descriptor)
    }

    /// Whether something takes connections on a loopback port.
    static func isListening(_ port: Int) -> Bool {
        guard let descriptor = try? connection(to: UInt16(port)) else { return false }
        close(descriptor)
        return true
    }

    private static func connection(to port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw NoAnswer(description: "no socket: errno \(errno)") }
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            let number = errno
            close(descriptor)
            throw NoAnswer(description: "no connection to port \(port): errno \(number)")
        }
        return descriptor
    }

    private static func answer(from descriptor: Int32) throws -> Answer {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 { break }
            guard count > 0 else { throw NoAnswer(description: "the answer broke off: errno \(errno)") }
            bytes += chunk[..<count]
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n"),
            let status = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { throw NoAnswer(description: "not an answer: '\(text)'") }
        return Answer(status: status, body: String(text[end.upperBound...]))
    }
}
