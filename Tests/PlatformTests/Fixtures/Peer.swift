import Artifacts
import Foundation
import HTTPTransport
import ProcessRunner
@testable import Registry
import Testing

/// Server programs of others, which hold artifacts for the platform to fetch.
enum Peer {
    private struct NotStarted: Error {
        let output: [String]
    }

    /// Whether a test with this program is to run: where it is, and in CI in any case, so that it fails there.
    static func mayRun(_ program: String) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        let folders = (environment["PATH"] ?? "").split(separator: ":")
        return environment["CI"] == "true"
            || folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
    }

    /// Runs `body` beside a program that says where it listens, and is gone when this returns.
    ///
    /// - Parameter words: what the program says before its port.
    static func run(_ command: Command, until words: String, _ body: (String) async throws -> Void) async throws {
        let (ports, announce) = AsyncThrowingStream.makeStream(of: String.self)
        let server = Task {
            let said = Said()
            do {
                _ = try await command.streamMerged(deadline: nil) { line in
                    await said.append(line)
                    guard let found = line.range(of: words) else { return }
                    announce.yield(String(line[found.upperBound...].prefix { $0.isNumber }))
                }
                announce.finish(throwing: NotStarted(output: await said.lines))
            } catch {
                announce.finish(throwing: error)
            }
        }
        do {
            for try await port in ports {
                try await body(port)
                break
            }
        } catch {
            server.cancel()
            await server.value
            throw error
        }
        server.cancel()
        await server.value
    }

    private actor Said {
        var lines: [String] = []
        func append(_ line: String) { lines.append(line) }
    }

    static func environment(_ folder: TemporaryFolder) -> [String: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder.path,
            "TMPDIR": folder.path,
        ]
    }
}

/// Debian's docker-registry.
struct RegistryPeer: Sendable {
    static let mayRun = Peer.mayRun("docker-registry")

    let host: String
    let folder: TemporaryFolder

    /// - Parameter wantsPassword: whether it lets in only who knows the one of its user `dev`.
    static func run(wantsPassword: Bool = false, _ body: (RegistryPeer) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        // 'secret', by bcrypt.
        try folder.write(
            "dev:$2b$12$AM/MV/w10.Vw0JVl20EyDOZMsk4TKBBhySxhxRnACdIPfBY4UZ5bK\n".utf8, to: "htpasswd")
        try folder.write(
            """
            version: 0.1
            log: {level: info, formatter: text}
            storage: {filesystem: {rootdirectory: \(folder.path)/store}}
            http: {addr: "127.0.0.1:0"}
            \(wantsPassword ? "auth: {htpasswd: {realm: here, path: \(folder.path)/htpasswd}}" : "")
            """.utf8, to: "registry.yml")
        let command = Command(
            "docker-registry", ["serve", folder.path + "/registry.yml"], environment: Peer.environment(folder))
        try await Peer.run(command, until: "listening on 127.0.0.1:") { port in
            try await body(RegistryPeer(host: "localhost:\(port)", folder: folder))
        }
    }

    /// Where docker and podman keep the right password.
    func authFile() throws -> String {
        let credentials = Data("dev:secret".utf8).base64EncodedString()
        return try folder.write(#"{"auths":{"\#(host)":{"auth":"\#(credentials)"}}}"#.utf8, to: "auth.json")
    }

    /// Uploads an artifact and returns the reference to it.
    func upload(_ artifact: Artifact) async throws -> String {
        let client = RegistryClient(
            try #require(ImageReference("\(host)/team/api")),
            environment: ["HOME": folder.path, "REGISTRY_AUTH_FILE": try authFile()], transport: HTTPTransport())
        _ = try await client.upload(artifact) { _, _ in }
        return client.reference(to: artifact)
    }

    /// Uploads an image index of manifests that are there, and returns the reference to it.
    func upload(_ index: ImageIndex) async throws -> String {
        let bytes = try CanonicalJSON.encode(index)
        let digest = Digest.sha256(of: bytes)
        let reply = try await HTTPTransport().send(
            Exchange(
                "PUT", "http://\(host)/v2/team/api/manifests/\(digest)",
                headers: [("Content-Type", MediaType.imageIndex)], body: .bytes(bytes)))
        try #require(reply.status == 201)
        return "\(host)/team/api@\(digest)"
    }

    /// Puts other bytes in the place of a blob.
    func damage(_ digest: Digest, with bytes: [UInt8]) throws {
        try folder.write(bytes, to: "store/docker/registry/v2/blobs/sha256/\(digest.hex.prefix(2))/\(digest.hex)/data")
    }
}

/// moto, which plays S3; scripts/peers.sh installs it and says where.
struct BucketPeer: Sendable {
    private static let python =
        ProcessInfo.processInfo.environment["BIM_PEERS"].map { $0 + "/bin/python3" } ?? "python3"
    /// On a laptop its tests are skipped where it is missing; in CI they fail.
    static var mayRun: Bool {
        get async {
            if ProcessInfo.processInfo.environment["CI"] == "true" { return true }
            let probe = Command(
                python, ["-c", "import moto.server"], environment: ProcessInfo.processInfo.environment)
            return (try? await probe.capture(deadline: .seconds(60)))?.status.isSuccess ?? false
        }
    }

    let endpoint: String
    let folder: TemporaryFolder

    /// The variables of somebody who has a key.
    var key: [String: String] {
        [
            "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_REGION": "us-east-1",
        ]
    }

    /// Runs `body` beside a store with an empty bucket `acme`.
    static func run(_ body: (BucketPeer) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let command = Command(
            python, ["-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"], environment: Peer.environment(folder))
        try await Peer.run(command, until: "Running on http://127.0.0.1:") { port in
            let peer = BucketPeer(endpoint: "http://127.0.0.1:\(port)", folder: folder)
            let reply = try await HTTPTransport().send(Exchange("PUT", peer.endpoint + "/acme"))
            try #require(reply.status == 200)
            try await body(peer)
        }
    }

    /// The store, as somebody who has a key uses it.
    func store() throws -> S3Store {
        let location = try #require(S3Location("s3://acme/prefix", environment: key))
        return S3Store(location, app: "api", environment: key, transport: HTTPTransport())
    }

    /// Puts bytes under a key, whatever lay there.
    func put(_ bytes: [UInt8], at key: String) async throws {
        let location = try #require(S3Location("s3://acme", environment: self.key))
        let client = S3Client(location, environment: self.key, transport: HTTPTransport())
        try #require(try await client.send("PUT", key, body: .bytes(bytes)).status == 200)
    }
}
