internal import Artifacts
internal import GitCore
internal import ProjectConfig

/// Outlines the layers of one request and makes their files.
actor LayerMaker {
    private let request: BuildRequest
    private let cache: LayerCache
    private let maximumLayers: Int
    private var known: TreeOutline?

    init(_ request: BuildRequest, cache: LayerCache, maximumLayers: Int) {
        self.request = request
        self.cache = cache
        self.maximumLayers = maximumLayers
    }

    /// The layers of the tree, the lowest first, and what the pusher should know; read once.
    func outline() async throws -> TreeOutline {
        if let known { return known }
        let outline = try await TreeOutline.make(request, cache: cache, maximumLayers: maximumLayers)
        known = outline
        return outline
    }

    /// Makes a layer's file, and enters it into the cache.
    nonisolated func make(
        _ layer: LayerOutline, of outline: TreeOutline, key: Digest, in repository: borrowing Repository
    ) async throws -> LayerCache.Entry {
        let plan = try outline.plan(layer, in: repository)
        let spool = BlobSpool(folder: cache.folder)
        let outputs = request.overlay?.store
        for entry in plan.entries where entry.size > BlobSpool.threshold && !OutputStore.isContent(entry.content) {
            try await spool.add(entry.content, from: request.repository)
        }
        return try cache.store(key) { descriptor in
            try request.layerWriter.write(plan, to: descriptor) { content, deliver in
                if try spool.read(content, deliver) { return }
                if try outputs?.read(content, deliver) ?? false { return }
                guard let id = ObjectID(hex: content) else { return }
                try repository.withBlob(id) { try deliver($0) }
            }
        }
    }

    /// The file of a layer that was found in the cache; made again when only its name was left there.
    @concurrent
    nonisolated func file(of layer: BuildRecord.Layer) async throws -> String {
        let path = cache.path(of: layer.entry.descriptor.digest)
        if cache.hasFile(layer.entry) { return path }
        let outline = try await outline()
        guard let found = outline.layers.first(where: { $0.key(recipe: request.layerWriter.recipe) == layer.key })
        else {
            throw LayerCache.Untrue(key: layer.key)
        }
        let made = try await make(found, of: outline, key: layer.key, in: try request.repository.open())
        guard made == layer.entry else { throw LayerCache.Untrue(key: layer.key) }
        return path
    }
}

extension BuildRequest {
    /// What writes the layers of the image.
    var layerWriter: LayerWriter {
        switch image.compression {
        case .gzip: LayerWriter(.gzip)
        case .zstd: LayerWriter(.zstd)
        }
    }
}

extension BuildRecord.Layer {
    /// The layer as a part of an artifact; its file is made again when it is lost.
    func artifactLayer(_ maker: LayerMaker) -> Artifact.Layer {
        Artifact.Layer(descriptor: entry.descriptor, source: .onDemand { _ in try await maker.file(of: self) })
    }
}
