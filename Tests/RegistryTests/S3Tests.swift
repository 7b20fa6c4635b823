import Artifacts
import Diagnostics
import Foundation
import HTTPTransport
import NIOHTTP1
import Testing

@testable import Registry

/// Where S3's objects are and who may reach them.
struct S3LocationTests {
    @Test(
        "Buckets are names in the host where they can be, else in the path",
        arguments: [
            ("s3://acme/x/y", [:], "https://acme.s3.eu-west-1.amazonaws.com acme.s3.eu-west-1.amazonaws.com "),
            ("s3://acme.dots/", [:], "https://s3.eu-west-1.amazonaws.com s3.eu-west-1.amazonaws.com /acme.dots"),
            (
                "s3://acme", ["AWS_ENDPOINT_URL": "https://r2.example:8443/"],
                "https://r2.example:8443 r2.example:8443 /acme"
            ),
            (
                "s3://acme", ["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000"],
                "http://127.0.0.1:9000 127.0.0.1:9000 /acme"
            ),
        ] as [(String, [String: String], String)])
    func base(_ text: String, _ environment: [String: String], _ expected: String) throws {
        let base = try #require(S3Location(text, environment: environment)).base(region: "eu-west-1")
        #expect("\(base.url) \(base.host) \(base.path)" == expected)
    }

    @Test(
        "What is no place of S3's is refused, and so is an endpoint in the clear",
        arguments: ["s3://", "s3://UP", "s3://a", "https://x", "s3://a b/c"])
    func refused(_ text: String) {
        #expect(S3Location(text, environment: [:]) == nil)
        #expect(S3Location("s3://acme", environment: ["AWS_ENDPOINT_URL": "http://example.org"]) == nil)
    }
}

/// The order of credentials.
struct S3CredentialChainTests {
    private let cargo: Cargo

    init() throws {
        cargo = try Cargo()
    }

    private func find(_ variables: [String: String]) async throws -> S3Credentials? {
        try await S3CredentialChain(
            environment: cargo.environment(variables).merging(["AWS_EC2_METADATA_DISABLED": "true"]) { own, _ in own },
            transport: HTTPTransport(), machineDeadline: .seconds(30)
        ).find()
    }

    @Test("Environment, then profile, then the profile's program")
    func files() async throws {
        try cargo.write(
            "[default]\naws_access_key_id = A\naws_secret_access_key=s\n[other]\naws_access_key_id=B\naws_secret_access_key=s=1\n",
            to: ".aws/credentials")
        try cargo.write(
            "# x\n[profile program]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"C\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\"}'\n[profile broken]\ncredential_process=false\n",
            to: ".aws/config")
        #expect(try await find(["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "s"])?.accessKey == "E")
        #expect(try await find([:])?.accessKey == "A")
        #expect(try await find(["AWS_PROFILE": "other"])?.secretKey == "s=1")
        #expect(try await find(["AWS_PROFILE": "program"])?.sessionToken == "t")
        #expect(try await find(["AWS_PROFILE": "none"]) == nil)
        await #expect(throws: S3Error.self) { try await find(["AWS_PROFILE": "broken"]) }
    }

    @Test("The container's service and the machine's, version 2, give keys; a role's comes from STS")
    func services() async throws {
        let key = #"{"AccessKeyId":"K","SecretAccessKey":"s","Token":"t"}"#
        let peer = try await HTTPPeer { question in
            switch (question.method, question.path) {
            case ("GET", "/container"):
                return .init(
                    status: question.headers.first(name: "Authorization") == "pass" ? 200 : 403, body: Array(key.utf8))
            case ("PUT", "/latest/api/token"): return .init(status: 200, body: Array("session".utf8))
            case ("GET", "/latest/meta-data/iam/security-credentials/"):
                return .init(status: 200, body: Array("role\n".utf8))
            case ("GET", "/latest/meta-data/iam/security-credentials/role"):
                let isKnown = question.headers.first(name: "x-aws-ec2-metadata-token") == "session"
                return .init(
                    status: isKnown ? 200 : 401, body: Array(key.replacingOccurrences(of: "\"K\"", with: "\"M\"").utf8))
            case ("POST", "/"):
                let isRight = String(decoding: question.body, as: UTF8.self).contains("WebIdentityToken=jwt")
                return .init(
                    status: isRight ? 200 : 400,
                    body: Array("<r><AccessKeyId>W</AccessKeyId><SecretAccessKey>s&amp;</SecretAccessKey></r>".utf8))
            default: return .init(status: 404)
            }
        }
        let base = "http://\(peer.host)"
        let container = [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(base)/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "pass",
        ]
        #expect(try await find(container)?.accessKey == "K")
        let machine = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": base, "AWS_EC2_METADATA_DISABLED": "false"]
        #expect(try await find(machine)?.accessKey == "M")
        try cargo.write("jwt\n", to: "token")
        let role = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": "\(cargo.folder)/token", "AWS_ROLE_ARN": "r", "AWS_ENDPOINT_URL_STS": base,
        ]
        #expect(try await find(role)?.secretKey == "s&")
        withExtendedLifetime(peer) {}
    }
}

/// moto comes from PyPI: `scripts/peers.sh` installs it, and says where. It may be missing on a laptop, never in CI.
private enum Moto {
    private static let environment = ProcessInfo.processInfo.environment
    static let python = environment["BIM_PEERS"].map { $0 + "/bin/python3" } ?? "python3"
    static let isExpected =
        environment["CI"] == "true"
        || (try? Tool.run([python, "-c", "import moto.server"], in: NSTemporaryDirectory())) != nil
}

/// A store of S3's kind, moto, takes artifacts and gives them back.
@Suite(.enabled(if: Moto.isExpected, "moto is not installed"))
struct S3StoreTests {
    private let cargo: Cargo
    private let server: ServerProcess
    private let environment: [String: String]

    init() async throws {
        cargo = try Cargo()
        server = try ServerProcess(
            [Moto.python, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"], in: cargo.folder,
            until: "Running on http://127.0.0.1:")
        environment = [
            "AWS_ENDPOINT_URL": "http://127.0.0.1:\(server.announced)", "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1",
        ]
        let location = try #require(S3Location("s3://acme", environment: environment))
        let client = S3Client(location, environment: environment, transport: HTTPTransport())
        #expect(try await client.send("PUT", "").status == 200)
    }

    private func store(app: String = "api", partSize: Int64 = 64 << 20) throws -> S3Store {
        let location = try #require(S3Location("s3://acme/deep/prefix", environment: environment))
        return S3Store(location, app: app, environment: environment, transport: HTTPTransport(), partSize: partSize)
    }

    private func zip(_ content: [UInt8]) throws -> Artifact {
        let layer = try cargo.layer(content)
        let descriptor = Descriptor(mediaType: MediaType.zip, content: content)
        return try Artifact(zip: .init(descriptor: descriptor, source: layer.source))
    }

    @Test("A ZIP lies under its digest, is sent once, and comes back checked", arguments: [1000, 12 << 20])
    func zips(size: Int) async throws {
        let content = [UInt8](repeating: 7, count: size)
        let artifact = try zip(content)
        let store = try store(partSize: 5 << 20)
        let digest = try #require(artifact.zip).descriptor.digest
        #expect(store.reference(to: artifact) == "s3://acme/deep/prefix/api/\(digest.hex).zip")
        #expect(try await !store.contains(artifact))
        #expect(try await store.upload(artifact) { _, _ in }.sentLayers == 1)
        #expect(try await store.contains(artifact))
        #expect(try await store.upload(artifact) { _, _ in }.sentLayers == 0)
        var back: [UInt8] = []
        try await store.download(zip: digest) { back += $0 }
        #expect(back == content)
        let urls = try #require(try await store.presignedURLs(for: artifact, seconds: 60))
        let url = try #require(urls[digest.description])
        #expect(urls.count == 1)
        let reply = try await HTTPTransport().send(Exchange("GET", url, headers: [("Range", "bytes=0-9")]))
        #expect(reply.status == 206 && reply.body == Array(content.prefix(10)))
    }

    @Test("What is not what its digest says is found out on the way back")
    func damaged() async throws {
        let store = try store()
        let artifact = try zip([1, 2, 3])
        _ = try await store.upload(artifact) { _, _ in }
        let digest = try #require(artifact.zip).descriptor.digest
        let location = try #require(S3Location("s3://acme", environment: environment))
        let client = S3Client(location, environment: environment, transport: HTTPTransport())
        let key = "deep/prefix/api/\(digest.hex).zip"
        #expect(try await client.send("PUT", key, body: .bytes([1, 2, 4])).status == 200)
        await #expect(throws: S3Error.damaged(key: key)) { try await store.download(zip: digest) { _ in } }
    }

    @Test("Images are an OCI layout that several may write at once; skopeo reads it")
    func images() async throws {
        let store = try store()
        let images = try (0..<4).map { try cargo.image(["shared", "own \($0)"]) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for image in images { group.addTask { _ = try await store.upload(image) { _, _ in } } }
            try await group.waitForAll()
        }
        let location = try #require(S3Location("s3://acme", environment: environment))
        let client = S3Client(location, environment: environment, transport: HTTPTransport())
        let reply = try await client.send("GET", "deep/prefix/api/index.json")
        let index = try CanonicalJSON.decode(ImageIndex.self, from: reply.body)
        #expect(Set(index.manifests.map(\.digest)) == Set(images.map(\.digest)))
        for image in images { #expect(try await store.contains(image)) }
        #expect(try await client.send("HEAD", "deep/prefix/api/oci-layout").status == 200)
    }

    @Test("A bucket that is not there is an error with its name")
    func noBucket() async throws {
        let location = try #require(S3Location("s3://nowhere", environment: environment))
        let store = S3Store(location, app: "x", environment: environment, transport: HTTPTransport())
        let error = await #expect(throws: S3Error.self) { _ = try await store.upload(try zip([1])) { _, _ in } }
        #expect(
            error?.userError.message.hasPrefix("the bucket 'nowhere' refused the request with status 404, NoSuchBucket")
                == true)
    }
}
