internal import Artifacts
internal import GitCore
internal import ProjectConfig

/// Plans the layers of one request and makes their files.
actor LayerMaker {
    private let request: BuildRequest
    private let cache: LayerCache
    private let maximumLayers: Int
    private var read: (plans: [LayerPlan], notices: [String])?

    init(_ request: BuildRequest, cache: LayerCache, maximumLayers: Int) {
        self.request = request
        self.cache = cache
        self.maximumLayers = maximumLayers
    }

    /// The layers of the tree, the lowest first, and what the pusher should know; read once.
    func plans() throws -> (plans: [LayerPlan], notices: [String]) {
        if let read { return read }
        var reader = TreeReader(exclude: request.image.exclude, blobTimes: request.image.blobTimes)
        let own = try reader.read(request.tree, in: request.repository)
        let tree = try request.overlay?.apply(to: own) ?? own
        let plans = Layering.plan(tree, maximumLayers: maximumLayers)
        read = (plans, reader.notices)
        return (plans, reader.notices)
    }

    /// Makes a layer's file, and enters it into the cache.
    @concurrent
    nonisolated func make(_ plan: LayerPlan, key: Digest) async throws -> LayerCache.Entry {
        let spool = BlobSpool(folder: cache.folder)
        let outputs = request.overlay?.store
        for entry in plan.entries where entry.size > BlobSpool.threshold && !OutputStore.isContent(entry.content) {
            try await spool.add(entry.content, from: request.repository)
        }
        let repository = try request.repository.open()
        return try cache.store(key) { descriptor in
            try LayerWriter().write(plan, to: descriptor) { content, deliver in
                if try spool.read(content, deliver) { return }
                if try outputs?.read(content, deliver) ?? false { return }
                guard let id = ObjectID(hex: content) else { return }
                try repository.withBlob(id) { try deliver($0) }
            }
        }
    }

    /// The file of a layer that was found in the cache; made again when only its name was left there.
    nonisolated func file(of layer: BuildRecord.Layer) async throws -> String {
        let path = cache.path(of: layer.entry.descriptor.digest)
        if cache.hasFile(layer.entry) { return path }
        let plans = try await plans().plans
        guard let plan = plans.first(where: { $0.key(recipe: LayerWriter.recipe) == layer.key }) else {
            throw LayerCache.Untrue(key: layer.key)
        }
        guard try await make(plan, key: layer.key) == layer.entry else { throw LayerCache.Untrue(key: layer.key) }
        return path
    }
}
