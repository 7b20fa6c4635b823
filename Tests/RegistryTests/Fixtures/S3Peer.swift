import TestPeers
import Foundation
import HTTPTransport

@testable import Registry

/// Peers from PyPI: `scripts/peers.sh` installs them, and says where. They may be missing on a laptop, never in CI.
enum PythonPeers {
    private static let environment = ProcessInfo.processInfo.environment
    static let python = environment["BIM_PEERS"].map { $0 + "/bin/python3" } ?? "python3"

    /// Whether a test with this module is to run.
    static func has(_ module: String) -> Bool {
        Tool.isInCI
            || (try? Tool.run([python, "-c", "import \(module)"], in: NSTemporaryDirectory())) != nil
    }
}

/// A store of S3's kind that runs here: started by the first test that asks, shared by all, and ended with them.
struct S3Peer: Sendable {
    enum Kind: String, Sendable {
        /// Knows every condition and checks nobody; also gives keys of roles.
        case moto
        /// OpenStack Swift: checks signatures, digests and clocks, and knows no `If-Match`.
        case swift

        var peer: S3Peer {
            get throws { try self == .moto ? S3Peer.moto.get() : S3Peer.swift.get() }
        }
    }

    private static let moto = Result {
        let program = """
            import os, sys, threading
            threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
            from moto.server import main
            main(["-H", "127.0.0.1", "-p", "0"])
            """
        return S3Peer(
            server: try ServerProcess(
                [PythonPeers.python, "-u", "-c", program], in: NSTemporaryDirectory(),
                until: "Running on http://127.0.0.1:"), accessKey: "a", secretKey: "s")
    }

    private static let swift = Result {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Peers/openstack-swift.py").standardized.path
        return S3Peer(
            server: try ServerProcess(
                [PythonPeers.python, "-u", script], in: NSTemporaryDirectory(), until: "listening on 127.0.0.1:"),
            accessKey: "test:tester", secretKey: "testing")
    }

    let server: ServerProcess
    let accessKey: String
    let secretKey: String

    var endpoint: String { "http://127.0.0.1:\(server.announced)" }
    /// Every variable that leads there.
    var environment: [String: String] {
        [
            "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey,
            "AWS_REGION": "us-east-1",
        ]
    }

    /// Makes a bucket of a name that nobody else has.
    func bucket() async throws -> String {
        let name = "acme-\(UInt64.random(in: .min ... .max))"
        let reply = try await client(name).send("PUT", "")
        guard reply.status == 200 else { throw S3Error.damaged(key: name) }
        return name
    }

    func location(_ text: String) throws -> S3Location {
        guard let location = S3Location("s3://" + text, environment: environment) else {
            throw Cargo.NoReference(text: text)
        }
        return location
    }

    func client(_ bucket: String, _ variables: [String: String] = [:], clock: Int64 = 0) throws -> S3Client {
        S3Client(
            try location(bucket), environment: environment.merging(variables) { $1 }, transport: HTTPTransport(),
            now: { Int64(Date().timeIntervalSince1970) + clock })
    }
}
