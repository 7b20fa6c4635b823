import Artifacts
import Foundation
import HTTPTransport
import NIOHTTP1
import Synchronization
import Testing

@testable import Registry

/// What S3 may answer besides yes, played by a scripted bucket.
struct S3FaultTests {
    private let cargo: Cargo
    private let environment: [String: String]

    init() throws {
        cargo = try Cargo()
        environment = ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"]
    }

    private func location(_ peer: HTTPPeer) throws -> S3Location {
        let variables = environment.merging(["AWS_ENDPOINT_URL": "http://\(peer.host)"]) { $1 }
        return try #require(S3Location("s3://acme", environment: variables))
    }

    private func upload(_ peer: HTTPPeer, partSize: Int64 = 64 << 20) throws -> (S3Client, S3Upload) {
        let client = S3Client(try location(peer), environment: environment, transport: HTTPTransport())
        return (client, S3Upload(client, partSize: partSize))
    }

    enum Redirection: CaseIterable, Sendable { case moved, temporary, malformed, inHeader }

    private static func redirect(_ way: Redirection, to region: String) -> HTTPPeer.Answer {
        let header = [("x-amz-bucket-region", region)]
        let body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>\(region)</Region></Error>"
        return switch way {
        case .moved: .init(status: 301, headers: header, body: Array("<Error><Code>x</Code></Error>".utf8))
        case .temporary: .init(status: 307, headers: header + [("Location", "http://127.0.0.1:1/elsewhere")])
        case .malformed: .init(status: 400, body: Array(body.utf8))
        case .inHeader: .init(status: 400, headers: header)
        }
    }

    @Test("A bucket in another region is found there, and asked there from then on", arguments: Redirection.allCases)
    func region(_ way: Redirection) async throws {
        let refused = Mutex(0)
        let peer = try await HTTPPeer { question in
            if question.headers.first(name: "Authorization")?.contains("/eu-west-1/s3/") == true {
                return .init(status: 200, body: [1, 2, 3])
            }
            refused.withLock { $0 += 1 }
            return Self.redirect(way, to: "eu-west-1")
        }
        let (client, upload) = try upload(peer)
        #expect(try await upload.put([1, 2, 3], at: "x", type: "text/plain") == .written)
        #expect(try await client.send("HEAD", "x").status == 200)
        #expect(try await client.presignedURL("x", seconds: 60).contains("%2Feu-west-1%2Fs3%2F"))
        #expect(refused.withLock { $0 } == 1)
        let fresh = try self.upload(peer).0
        var back: [UInt8] = []
        try await fresh.download("x") { back += $0 }
        #expect(back == [1, 2, 3])
    }

    @Test("A bucket that sends from region to region is given up")
    func circle() async throws {
        let count = Mutex(0)
        let peer = try await HTTPPeer { _ in
            Self.redirect(.moved, to: "region-\(count.withLock { $0 += 1; return $0 })")
        }
        await #expect(throws: S3Error.self) {
            _ = try await upload(peer).1.put([1], at: "x", type: "text/plain")
        }
        #expect(count.withLock { $0 } == 3)
    }

    @Test("Parts that are not wanted are taken back, and a completion that fails with 200 is one that failed")
    func aborted() async throws {
        let isPartRefused = Mutex(true)
        let log = Mutex<[String]>([])
        let peer = try await HTTPPeer { question in
            log.withLock { $0.append(question.method + (question.query["partNumber"] ?? "")) }
            switch (question.method, question.query["uploadId"]) {
            case ("POST", nil): return .init(status: 200, body: Array("<r><UploadId>u</UploadId></r>".utf8))
            case ("PUT", _):
                let isRefused = isPartRefused.withLock { $0 } && question.query["partNumber"] == "2"
                return .init(status: isRefused ? 403 : 200, headers: [("ETag", "\"t\"")])
            case ("DELETE", _): return .init(status: 204)
            default: return .init(status: 200, body: Array("<Error><Code>InternalError</Code></Error>".utf8))
            }
        }
        let layer = try cargo.layer([UInt8](repeating: 1, count: 25))
        let upload = try upload(peer, partSize: 10).1
        for isRefused in [true, false] {
            isPartRefused.withLock { $0 = isRefused }
            await #expect(throws: S3Error.self) {
                try await upload.put(try await layer.file(), layer.descriptor, at: "x")
            }
        }
        #expect(
            log.withLock { $0 } == ["POST", "PUT1", "PUT2", "DELETE", "POST", "PUT1", "PUT2", "PUT3", "POST", "DELETE"])
    }

    @Test("A completion whose answer was lost is one, when the object is there")
    func lostCompletion() async throws {
        let completions = Mutex(0)
        let peer = try await HTTPPeer { question in
            switch (question.method, question.query["uploadId"]) {
            case ("POST", nil): return .init(status: 200, body: Array("<r><UploadId>u</UploadId></r>".utf8))
            case ("PUT", _): return .init(status: 200, headers: [("ETag", "\"t\"")])
            case ("POST", _):
                let isFirst = completions.withLock {
                    $0 += 1; return $0 == 1
                }
                let body = Array("<Error><Code>NoSuchUpload</Code></Error>".utf8)
                return isFirst ? .init(status: 0, breaksOff: true) : .init(status: 404, body: body)
            case ("HEAD", _): return .init(status: 200, body: [UInt8](repeating: 1, count: 25))
            default: return .init(status: 500)
            }
        }
        let layer = try cargo.layer([UInt8](repeating: 1, count: 25))
        try await upload(peer, partSize: 10).1.put(try await layer.file(), layer.descriptor, at: "x")
        #expect(completions.withLock { $0 } == 2)
    }

    @Test("Where absent things are not told from forbidden ones, a write tells")
    func unlisted() async throws {
        let written = Mutex(false)
        let peer = try await HTTPPeer { question in
            if question.method == "PUT" { written.withLock { $0 = true } }
            return .init(status: question.method == "PUT" || written.withLock { $0 } ? 200 : 403)
        }
        let content: [UInt8] = [1]
        let artifact = try Artifact(
            zip: .init(
                descriptor: Descriptor(mediaType: MediaType.zip, content: content),
                source: try cargo.layer(content).source))
        let store = S3Store(try location(peer), app: "x", environment: environment, transport: HTTPTransport())
        #expect(try await !store.contains(artifact))
        #expect(try await store.upload(artifact) { _, _ in }.sentLayers == 1)
        #expect(try await store.contains(artifact))
    }

    @Test("A key that ends is got anew before it does")
    func renewed() async throws {
        let keys = Mutex(0)
        let peer = try await HTTPPeer { question in
            guard question.path == "/key" else {
                let isFirst = question.headers.first(name: "Authorization")?.contains("Credential=K1/") == true
                return .init(status: isFirst ? 201 : 202)
            }
            let number = keys.withLock {
                $0 += 1; return $0
            }
            let key = #"{"AccessKeyId":"K\#(number)","SecretAccessKey":"s","Expiration":"2001-09-09T01:46:40Z"}"#
            return .init(status: 200, body: Array(key.utf8))
        }
        let clock = Mutex<Int64>(999_990_000)
        let client = S3Client(
            try location(peer),
            environment: cargo.environment(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://\(peer.host)/key"]),
            transport: HTTPTransport(), now: { clock.withLock { $0 } })
        #expect(try await client.send("GET", "x").status == 201)
        #expect(try await client.send("GET", "x").status == 201)
        clock.withLock { $0 = 999_999_990 }
        #expect(try await client.send("GET", "x").status == 202)
        #expect(keys.withLock { $0 } == 2)
    }
}
