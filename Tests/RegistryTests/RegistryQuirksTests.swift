import Artifacts
import Diagnostics
import Foundation
import Testing

@testable import Registry

/// Registries differ; each row of the table is one that is known to behave so.
struct RegistryQuirksTests {
    private let cargo: Cargo

    init() throws {
        cargo = try Cargo()
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let quirks: @Sendable (inout ScriptedRegistry.Quirks) -> Void
    }

    private static func unknownUpload() -> HTTPPeer.Answer {
        .init(status: 404, body: Array(#"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}"#.utf8))
    }

    static let rows: [Row] = [
        Row(testDescription: "takes everything") { _ in },
        Row(testDescription: "distribution 2.8: a single POST is answered 202") { $0.takesSinglePost = false },
        Row(testDescription: "GHCR: an opaque token for a name and a token, no PATCH, cancel refused") {
            ($0.login, $0.requestsPerToken) = ("acme:ghp_secret", 50)
            $0.patchStatus = nil
            $0.first = [("DELETE", 9, .init(status: 405))]
        },
        Row(testDescription: "GHCR: a session is unknown now and then") {
            $0.takesSinglePost = false
            $0.first = [("PUT /v2/acme/api/blobs", 2, unknownUpload())]
        },
        Row(testDescription: "Docker Hub: 429 in plain text, with Retry-After") {
            ($0.login, $0.requestsPerToken) = ("acme:dckr_pat_secret", 50)
            $0.first = [("HEAD", 2, .init(status: 429, headers: [("Retry-After", "0")], body: Array("too many".utf8)))]
        },
        Row(testDescription: "ECR: Basic for a password of twelve hours, 429 on the commit") {
            $0.login = "AWS:eyJwYXlsb2FkIjoi/+=="
            $0.takesSinglePost = false
            $0.first = [("PUT", 2, .init(status: 429, headers: [("Retry-After", "0")]))]
        },
        Row(testDescription: "ECR: a manifest sees its blobs late") { $0.blindManifests = 2 },
        Row(testDescription: "GAR: a key in JSON as the password, no chunks, errors in HTML") {
            ($0.login, $0.requestsPerToken) = (#"_json_key:{"type": "service_account", "key": "a:b"}"#, 50)
            $0.patchStatus = nil
            $0.first = [("POST", 1, .init(status: 503, body: Array("<html>busy</html>".utf8)))]
        },
        Row(testDescription: "Harbor: a robot with $ in its name, absolute locations, 401 in between") {
            ($0.login, $0.requestsPerToken) = ("robot$acme+ci:secret", 9)
            $0.absoluteScheme = "http"
            $0.takesSinglePost = false
        },
        Row(testDescription: "Quay: a robot with + in its name, 202 for a single POST, other artifacts refused") {
            ($0.login, $0.requestsPerToken) = ("acme+ci:secret", 50)
            $0.takesSinglePost = false
            $0.refusesArtifacts = true
        },
        Row(testDescription: "tokens that are soon used up") { $0.requestsPerToken = 6 },
        Row(testDescription: "tokens that live for a second") { ($0.requestsPerToken, $0.tokenLife) = (1000, 1) },
        Row(testDescription: "connections that break") {
            $0.first = [("HEAD", 1, .init(status: 0, breaksOff: true)), ("POST", 1, .init(status: 0, breaksOff: true))]
        },
        Row(testDescription: "the answer to a commit is lost") { $0.losesFirstCommit = true },
        Row(testDescription: "408, 500, 502 and 504") {
            $0.first = [
                ("POST", 1, .init(status: 408)), ("PUT", 1, .init(status: 500)), ("POST", 1, .init(status: 502)),
                ("HEAD", 1, .init(status: 504)),
            ]
        },
    ]

    @Test("An image arrives whole, by digest and tag", arguments: rows)
    func arrives(_ row: Row) async throws {
        var quirks = ScriptedRegistry.Quirks()
        row.quirks(&quirks)
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        let artifact = try cargo.image((0..<7).map { String(repeating: "layer \($0) ", count: 200_000 * ($0 % 2) + 1) })
        if let login = quirks.login { try cargo.write(Cargo.auths([peer.host: login]), to: ".docker/config.json") }
        let client = try cargo.client(peer.host, tags: ["main"])
        #expect(try await !client.contains(artifact.digest))
        try await client.upload(artifact)
        #expect(try await client.contains(artifact.digest))
        #expect(registry.blobs.count == 8)
        #expect(registry.manifests == ["main", artifact.digest.description])
        #expect(registry.log.last { $0.hasPrefix("PUT") } == "PUT /v2/acme/api/manifests/main")
        #expect(registry.mostInFlight <= 4)
    }

    @Test("A blob beyond what a proxy lets through goes in parts; PATCH may answer 201", arguments: [202, 201])
    func parts(status: Int) async throws {
        var quirks = ScriptedRegistry.Quirks()
        quirks.largestBody = 16 << 20
        quirks.patchStatus = status
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        let content = [UInt8](repeating: 1, count: 20 << 20) + [UInt8](repeating: 2, count: 20 << 20)
        try await cargo.client(peer.host).upload(try cargo.image([try cargo.layer(content)]))
        #expect(registry.blobs[Digest.sha256(of: content).description]?.count == content.count)
        #expect(registry.log.count { $0.hasPrefix("PATCH") } == 3)
    }

    @Test("A body that is too large in any part is refused at once")
    func tooLarge() async throws {
        var quirks = ScriptedRegistry.Quirks()
        quirks.largestBody = 100
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        let error = await #expect(throws: RegistryError.self) {
            try await cargo.client(peer.host).upload(try cargo.image([String(repeating: "x", count: 2000)]))
        }
        #expect(error?.userError.code == .artifactTooLarge)
    }

    @Test("What the last manifest listed is not asked for, and an equal image costs one question")
    func remembered() async throws {
        let registry = ScriptedRegistry()
        let peer = try await registry.start()
        let client = try cargo.client(peer.host, remembers: true)
        let first = try cargo.image(["a", "b", "c"])
        #expect(try await client.upload(first) == UploadSummary(sentLayers: 3, layers: 3, sentBytes: 3))
        registry.forget()
        let second = try cargo.image(["a", "b", "d"])
        #expect(try await client.upload(second) == UploadSummary(sentLayers: 1, layers: 3, sentBytes: 1))
        let layer = Digest.sha256(of: Array("d".utf8))
        #expect(
            registry.log == [
                "GET /v2/acme/api/manifests/\(first.digest)", "HEAD /v2/acme/api/blobs/\(layer)",
                "POST /v2/acme/api/blobs/uploads/", "HEAD /v2/acme/api/blobs/\(second.configurationDescriptor.digest)",
                "POST /v2/acme/api/blobs/uploads/", "PUT /v2/acme/api/manifests/\(second.digest)",
            ])
        registry.forget()
        #expect(try await client.contains(second.digest))
        #expect(registry.log.count == 1)
    }

    @Test("A layer that another repository holds is mounted, with a token for both", arguments: [true, false])
    func mount(works: Bool) async throws {
        var quirks = ScriptedRegistry.Quirks()
        quirks.requestsPerToken = 100
        quirks.mounts = works
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        let base = Array("base".utf8)
        // HEAD of the own repository does not know it; the scripted registry knows no repositories, so it forgets once.
        registry.add(blob: base)
        registry.change { $0.first = [("HEAD /v2/acme/api/blobs", 1, .init(status: 404))] }
        let origin = Artifact.Origin(host: peer.host, repository: "library/base")
        let layer = try cargo.layer(base, origin: origin)
        let summary = try await cargo.client(peer.host).upload(try cargo.image([layer]))
        #expect(summary.sentLayers == (works ? 0 : 1))
        #expect(registry.log.contains("scope repository:acme/api:pull,push repository:library/base:pull"))
    }

    @Test("A base of another registry is not mounted")
    func foreignBase() async throws {
        let registry = ScriptedRegistry()
        let peer = try await registry.start()
        let layer = try cargo.layer([1], origin: Artifact.Origin(host: "ghcr.io", repository: "acme/base"))
        #expect(try await cargo.client(peer.host).upload(try cargo.image([layer])).sentLayers == 1)
        #expect(registry.log.count { $0.hasPrefix("POST") } == 2)
    }

    @Test("A tag that cannot move is an error, unless it is where it should be")
    func immutable() async throws {
        var quirks = ScriptedRegistry.Quirks()
        quirks.immutableTags = true
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        let client = try cargo.client(peer.host, tags: ["v1"])
        try await client.upload(try cargo.image(["a"]))
        try await client.upload(try cargo.image(["a"]))
        await #expect(throws: RegistryError.refused(host: peer.host, status: 400, message: "scripted")) {
            try await client.upload(try cargo.image(["b"]))
        }
    }

    @Test("Documents refer to an image, with the API and without", arguments: [true, false])
    func referrers(api: Bool) async throws {
        var quirks = ScriptedRegistry.Quirks()
        quirks.referrers = api
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        let client = try cargo.client(peer.host)
        let artifact = try cargo.image(["a"])
        try await client.upload(artifact)
        let subject = Descriptor(mediaType: MediaType.imageManifest, content: artifact.manifest)
        let first = try await client.attach(Array("{}".utf8), type: "application/vnd.in-toto+json", to: subject)
        let second = try await client.attach(Array("[1]".utf8), type: "application/spdx+json", to: subject)
        #expect(try await client.attach(Array("{}".utf8), type: "application/vnd.in-toto+json", to: subject) == first)
        #expect(Set(try await client.referrers(of: artifact.digest).map(\.digest)) == [first, second])
        #expect(registry.manifests.contains("sha256-\(artifact.digest.hex)") == !api)
        #expect(try await client.referrers(of: .sha256(of: [9])).isEmpty)
    }

    @Test("A registry that takes images alone keeps the image, and says why it does not take the document")
    func imagesAlone() async throws {
        var quirks = ScriptedRegistry.Quirks()
        quirks.refusesArtifacts = true
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        let client = try cargo.client(peer.host)
        let artifact = try cargo.image(["a"])
        try await client.upload(artifact)
        await #expect(throws: RegistryError.refused(host: peer.host, status: 400, message: "scripted")) {
            try await client.attach(
                Array("{}".utf8), type: "application/vnd.in-toto+json", named: "provenance.json", to: artifact)
        }
        #expect(try await client.contains(artifact.digest))
    }
}
