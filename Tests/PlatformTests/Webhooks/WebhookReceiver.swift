import Crypto
import Foundation
import Glibc
import PlatformAPI

/// A real HTTP server of this machine that takes messages, and answers them as it is told.
final class WebhookReceiver: Sendable {
    /// A request as it came.
    struct Received: Sendable {
        /// By lower-case name.
        let headers: [String: String]
        let body: [UInt8]

        var message: WebhookMessage {
            get throws { try JSONDecoder().decode(WebhookMessage.self, from: Data(body)) }
        }

        /// Whether it is signed with these bytes (Standard Webhooks 1.0).
        func isSigned(with key: [UInt8]) -> Bool {
            guard let id = headers["webhook-id"], let time = headers["webhook-timestamp"],
                let signature = headers["webhook-signature"], signature.hasPrefix("v1,"),
                let code = Data(base64Encoded: String(signature.dropFirst(3)))
            else { return false }
            return HMAC<SHA256>.isValidAuthenticationCode(
                code, authenticating: Array("\(id).\(time).".utf8) + body, using: SymmetricKey(data: key))
        }
    }

    private let listener = LoopbackListener()
    /// What has come, for one reader.
    let received: AsyncStream<Received>
    var port: Int { listener.port }
    var url: String { "http://127.0.0.1:\(port)/told" }

    /// - Parameter answers: status and further lines of the head; the last answer is given again and again.
    init(answering answers: [String] = ["204 No Content"]) {
        let (received, told) = AsyncStream.makeStream(of: Received.self)
        self.received = received
        Thread.detachNewThread { [listener] in
            var answers = answers[...]
            while let connection = Self.nextConnection(of: listener.descriptor) {
                defer { close(connection) }
                guard let request = Self.read(connection) else { continue }
                let answer = answers.count > 1 ? answers.removeFirst() : answers.first ?? ""
                let head = Array("HTTP/1.1 \(answer)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
                _ = send(connection, head, head.count, Int32(MSG_NOSIGNAL))
                told.yield(request)
            }
            told.finish()
        }
    }

    // Wakes the thread, which lets go of the listener.
    deinit { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }

    /// The next request.
    func next() async -> Received? { await received.first { _ in true } }

    private static func nextConnection(of descriptor: Int32) -> Int32? {
        let connection = accept(descriptor, nil, nil)
        return connection < 0 ? nil : connection
    }

    private static func read(_ connection: Int32) -> Received? {
        var bytes: [UInt8] = []
        while true {
            if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound {
                let headers = headers(bytes[..<end])
                guard let length = headers["content-length"].flatMap({ Int($0) }) else { return nil }
                if bytes.count >= end + length { return Received(headers: headers, body: Array(bytes[end...])) }
            }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
        }
    }

    private static func headers(_ head: ArraySlice<UInt8>) -> [String: String] {
        String(decoding: head, as: UTF8.self).split(separator: "\r\n").dropFirst().reduce(into: [:]) { headers, line in
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.last.map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }
}
