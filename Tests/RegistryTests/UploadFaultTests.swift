import Artifacts
import Diagnostics
import Foundation
import HTTPTransport
import NIOHTTP1
import Synchronization
import Testing

@testable import Registry

/// What goes wrong on the way, and what is done about it.
struct UploadFaultTests {
    private let cargo: Cargo
    private let policy = RetryPolicy(attempts: 5, firstDelay: .milliseconds(1), longestDelay: .milliseconds(4))

    init() throws {
        cargo = try Cargo()
    }

    private func blobUpload(_ host: String) throws -> BlobUpload {
        let session = RegistrySession(
            try cargo.reference("\(host)/acme/api"), environment: cargo.environment(), transport: HTTPTransport())
        return BlobUpload(session, sources: [], policy: policy)
    }

    @Test("A registry that goes on failing is given up, and the manifest is never sent before its blobs")
    func givenUp() async throws {
        var quirks = ScriptedRegistry.Quirks()
        quirks.first = [("POST", 1000, .init(status: 503))]
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        let error = await #expect(throws: RegistryError.self) {
            try await cargo.client(peer.host).upload(try cargo.image(["a"]))
        }
        #expect(error?.userError.code == .registryUnreachable)
        #expect(registry.log.count { $0.hasPrefix("POST") } == 5)
        #expect(registry.manifests.isEmpty)
    }

    @Test("After a commit without an answer the blob is looked for, and not sent again")
    func lostAnswer() async throws {
        var quirks = ScriptedRegistry.Quirks()
        quirks.losesFirstCommit = true
        quirks.takesSinglePost = false
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        let content = Array("blob".utf8)
        let descriptor = Descriptor(mediaType: MediaType.layerGzip, content: content)
        try await blobUpload(peer.host).put(descriptor) { .bytes(content) }
        let kinds = registry.log.map { $0.split(separator: " ")[0] }
        #expect(kinds == ["POST", "PUT", "HEAD"])
    }

    @Test("A proxy that refuses a large body or breaks off before it has read it is understood", arguments: [413, nil])
    func early(status: Int?) async throws {
        let registry = ScriptedRegistry()
        let isBroken = Mutex(false)
        let peer = try await registry.start(early: { head in
            let size = head.headers.first(name: "Content-Length").flatMap(Int.init) ?? 0
            guard size > 16 << 20 else { return nil }
            if let status { return .init(status: status, headers: [("Connection", "close")]) }
            // Once only: then the connection holds.
            return isBroken.withLock { was in
                defer { was = true }
                return was ? nil : .init(status: 0, breaksOff: true)
            }
        })
        let content = [UInt8](repeating: 3, count: 20 << 20)
        try await cargo.client(peer.host).upload(try cargo.image([try cargo.layer(content)]))
        #expect(registry.blobs[Digest.sha256(of: content).description] != nil)
        #expect(registry.log.count { $0.hasPrefix("PATCH") } == (status == nil ? 0 : 2))
    }

    @Test("A busy registry gets fewer blobs at once, and more again when they arrive")
    func lanes() async throws {
        var quirks = ScriptedRegistry.Quirks()
        quirks.first = [
            ("POST", 2, .init(status: 429, headers: [("Retry-After", "0")])),
            ("POST", 1, .init(status: 0, breaksOff: true)), ("POST", 1, .init(status: 503)),
        ]
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        let upload = try blobUpload(peer.host)
        #expect(upload.lanes == 4)
        for number in 0..<24 {
            let content = Array("blob \(number)".utf8)
            try await upload.put(Descriptor(mediaType: MediaType.layerGzip, content: content)) { .bytes(content) }
            if number == 0 { #expect(upload.lanes == 1) }
            if number == 8 { #expect(upload.lanes == 2) }
        }
        #expect(upload.lanes == 4)
    }

    @Test("Four blobs are under way at once, and never five", .timeLimit(.minutes(1)))
    func four() async throws {
        let gate = Gate(4)
        let registry = ScriptedRegistry()
        let peer = try await registry.start(hold: { question in
            if question.method == "POST" { await gate.arrive() }
        })
        try await cargo.client(peer.host).upload(try cargo.image((0..<12).map { "layer \($0)" }))
        #expect(registry.mostInFlight == 4)
    }

    @Test("An upload that was stopped goes on with what is there")
    func resumed() async throws {
        let registry = ScriptedRegistry()
        let peer = try await registry.start()
        let artifact = try cargo.image((0..<20).map { "layer \($0)" })
        let client = try cargo.client(peer.host)
        let (stops, stop) = AsyncStream<Void>.makeStream()
        let first = Task {
            try await client.upload(artifact) { done, _ in if done == 3 { stop.yield() } }
        }
        for await _ in stops {
            first.cancel()
            break
        }
        _ = await first.result
        let there = registry.blobs.count
        #expect(there >= 3)
        let second = try await client.upload(artifact)
        #expect(second.sentLayers <= 20 - min(there, 20))
        #expect(try await client.contains(artifact.digest))
    }

    @Test("Blobs that the registry lost, though not their manifest, are sent again")
    func lostBlobs() async throws {
        let registry = ScriptedRegistry()
        let peer = try await registry.start()
        let client = try cargo.client(peer.host, remembers: true)
        try await client.upload(try cargo.image(["a", "b"]))
        registry.remove(blob: Array("a".utf8))
        #expect(try await client.upload(try cargo.image(["a", "c"])).sentLayers == 1)
        #expect(registry.blobs[Digest.sha256(of: Array("a".utf8)).description] != nil)
    }

    @Test("A base's layer that breaks off on the way is fetched again, and one that is not what it should be refused")
    func brokenDownload() async throws {
        let content = [UInt8](repeating: 5, count: 300_000)
        let image = try cargo.image([try cargo.layer(content)])
        let registry = ScriptedRegistry()
        let peer = try await registry.start()
        try await cargo.client(peer.host, repository: "acme/base", tags: ["1"]).upload(image)
        let layer = try #require(image.layers.first?.descriptor)
        let path = "GET /v2/acme/base/blobs/\(layer.digest)"
        registry.change {
            $0.first = [(path, 1, .init(status: 200, body: content, cutAfter: 100_000)), (path, 1, .init(status: 503))]
        }
        let source = ImageSource(
            try cargo.reference("\(peer.host)/acme/base:1"), environment: cargo.environment(),
            transport: HTTPTransport(), folder: cargo.folder, policy: policy)
        let base = try await source.resolve(for: Platform(os: "linux", architecture: "amd64"))
        let file = try await base.layers[0].file()
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: file))) == content)
        #expect(registry.log.count { $0 == path } == 3)
        try FileManager.default.removeItem(atPath: file)
        registry.change { $0.first = [(path, 1, .init(status: 200, body: [1]))] }
        await #expect(throws: ImageSource.Failure.self) { try await base.layers[0].file() }
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test("Uploads and tokens are not looked for at private addresses of others")
    func privateAddresses() async throws {
        var quirks = ScriptedRegistry.Quirks()
        quirks.takesSinglePost = false
        quirks.uploadLocation = "http://10.0.0.1:1/v2/acme/api/blobs/uploads/x"
        let peer = try await ScriptedRegistry(quirks).start()
        let error = await #expect(throws: RegistryError.self) {
            try await cargo.client(peer.host).upload(try cargo.image(["a"]))
        }
        #expect(
            error?.userError.message
                == "the registry '\(peer.host)' refused the request: its redirection is not followed: it leads to the private address '10.0.0.1'"
        )
        quirks.requestsPerToken = 1
        quirks.realm = "http://169.254.169.254/latest"
        let other = try await ScriptedRegistry(quirks).start()
        await #expect(
            throws: RegistryError.refused(
                host: other.host, status: 401, message: "it names a token server that nothing is sent to")
        ) { try await cargo.client(other.host).upload(try cargo.image(["a"])) }
    }

    @Test("A password that is refused is not tried again, so that no account is locked")
    func refusedOnce() async throws {
        var quirks = ScriptedRegistry.Quirks()
        (quirks.login, quirks.requestsPerToken) = ("me:right", 10)
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        try cargo.write(Cargo.auths([peer.host: "me:wrong"]), to: ".docker/config.json")
        let client = try cargo.client(peer.host, tags: ["main"])
        for _ in 0..<2 {
            await #expect(throws: RegistryError.self) { try await client.upload(try cargo.image(["a", "b", "c"])) }
        }
        #expect(registry.log.count { $0.hasSuffix("/token") } == 1)
    }
}

/// Waits of a policy.
struct RetryPolicyTests {
    @Test(
        "The wait doubles with some of it left to chance, up to a limit; what the server asks for wins, within half a minute"
    )
    func delays() {
        let policy = RetryPolicy(attempts: 9, firstDelay: .milliseconds(100), longestDelay: .seconds(1))
        for (attempt, most) in [(1, 100), (2, 200), (4, 800), (5, 1000), (60, 1000)] {
            let delays = Set((0..<20).map { _ in policy.delay(after: attempt, asked: nil) })
            #expect(delays.count > 1)
            #expect(delays.allSatisfy { $0 <= .milliseconds(most) && $0 >= .milliseconds(most * 2 / 3) })
        }
        #expect(policy.delay(after: 1, asked: 7) == .seconds(7))
        #expect(policy.delay(after: 1, asked: 3600) == .seconds(30))
        #expect(policy.delay(after: 1, asked: -1) == .zero)
    }

    @Test("Only what may be otherwise later is tried again")
    func transient() {
        #expect((100..<600).filter { RetryPolicy.isTransient($0) } == [408, 425, 429, 500, 502, 503, 504])
    }
}

/// Opens when so many have come.
private actor Gate {
    private var missing: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) {
        missing = count
    }

    func arrive() async {
        missing -= 1
        if missing > 0 {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            for one in waiting { one.resume() }
            waiting = []
        }
    }
}
