import Artifacts
import Testing

@testable import Registry

/// Layers go up while others are made; the manifest goes last.
struct EarlyUploadTests {
    private let cargo: Cargo
    private let registry = ScriptedRegistry()

    init() throws {
        cargo = try Cargo()
    }

    @Test("a layer is there before the next one is made, and is sent once")
    func early() async throws {
        let peer = try await registry.start()
        let client = try cargo.client(peer.host, remembers: true)
        let artifact = try cargo.image(["one", "two", "three"])
        let (layers, feed) = AsyncStream<Artifact.Layer>.makeStream()
        async let taken = client.take(layers)
        for layer in artifact.layers.prefix(2) {
            feed.yield(layer)
            // The next is made when this one is up.
            while registry.blobs[layer.descriptor.digest.description] == nil { await Task.yield() }
        }
        #expect(registry.manifests.isEmpty)
        feed.finish()
        let summary = try await client.upload(artifact, after: try await taken) { _, _ in }
        #expect(summary == UploadSummary(sentLayers: 3, layers: 3, sentBytes: 11))
        #expect(registry.log.count { $0.hasPrefix("POST ") } == 4)
        #expect(registry.log.last?.contains("/manifests/") == true)
        #expect(try await client.contains(artifact.digest))
    }

    @Test("what the last image of the repository lists is neither asked for nor sent")
    func known() async throws {
        let peer = try await registry.start()
        let client = try cargo.client(peer.host, remembers: true)
        try await client.upload(try cargo.image(["one", "two"]))
        registry.forget()
        let artifact = try cargo.image(["one", "three"])
        let (layers, feed) = AsyncStream<Artifact.Layer>.makeStream()
        for layer in artifact.layers { feed.yield(layer) }
        feed.finish()
        let taken = try await client.take(layers)
        #expect(try await client.upload(artifact, after: taken) { _, _ in }.sentLayers == 1)
        #expect(registry.log.count { $0.hasPrefix("GET ") } == 1)
        #expect(registry.log.count { $0.hasPrefix("POST ") } == 2)
    }

    @Test("of a repository that has none of the first layers the others are not asked for")
    func questions() async throws {
        let peer = try await registry.start()
        let contents = (0..<30).map { "layer \($0)" }
        try await cargo.client(peer.host).upload(try cargo.image(contents))
        #expect((8...12).contains(registry.log.count { $0.hasPrefix("HEAD ") }))
        registry.forget()
        let news = try cargo.image((10..<40).map { "layer \($0)" })
        let summary = try await cargo.client(peer.host, repository: "acme/api").upload(news)
        #expect(summary.sentLayers == 10)
    }

    @Test("a layer that cannot be sent ends the upload with its error")
    func failure() async throws {
        let peer = try await registry.start()
        registry.change { $0.first = [("HEAD", 100, .init(status: 403))] }
        let client = try cargo.client(peer.host)
        let (layers, feed) = AsyncStream<Artifact.Layer>.makeStream()
        feed.yield(try cargo.layer(Array("one".utf8)))
        feed.finish()
        await #expect(throws: RegistryError.self) { try await client.take(layers) }
        #expect(registry.manifests.isEmpty)
    }
}
