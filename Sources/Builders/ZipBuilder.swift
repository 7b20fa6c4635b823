internal import Artifacts
internal import GitCore
internal import ProjectConfig

/// Packages the same files as ``OwnBuilder`` as one ZIP, for stores and platforms that know no images.
///
/// The settings of the image beyond its files have no place in a ZIP: it holds the files alone.
package struct ZipBuilder: Builder {
    package let name = "own builder, ZIP"
    private let cache: LayerCache

    package init(cache: LayerCache) {
        self.cache = cache
    }

    package func build(
        _ request: BuildRequest, onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> BuildResult {
        let outline = try await TreeOutline.make(request, cache: cache, maximumLayers: 1)
        let key = outline.layers.first?.key(recipe: ZipWriter.recipe) ?? .sha256(of: Array(ZipWriter.recipe.utf8))
        let known = request.usesCache ? cache.entry(for: key) : nil
        let entry: LayerCache.Entry
        if let known, cache.hasFile(known) { entry = known } else { entry = try await make(outline, key, request) }
        onEvent(.layers(done: 1, of: 1))
        let layer = Artifact.Layer(
            descriptor: entry.descriptor, source: .file(cache.path(of: entry.descriptor.digest)))
        return BuildResult(
            artifact: try Artifact(zip: layer, annotations: ImageAssembly(request: request).annotations),
            newLayers: known == nil ? 1 : 0, notices: outline.notices,
            definition: .ownBuilder(recipe: ZipWriter.recipe, base: nil))
    }

    @concurrent
    private func make(
        _ outline: TreeOutline, _ key: Digest, _ request: BuildRequest
    ) async throws -> LayerCache.Entry {
        let repository = try request.repository.open()
        let plan = try outline.layers.first.map { try outline.plan($0, in: repository) } ?? LayerPlan([])
        let spool = BlobSpool(folder: cache.folder)
        let outputs = request.overlay?.store
        for entry in plan.entries where entry.size > BlobSpool.threshold && !OutputStore.isContent(entry.content) {
            try await spool.add(entry.content, from: request.repository)
        }
        let entry = try cache.store(key) { descriptor in
            try ZipWriter().write(plan, to: descriptor) { content, deliver in
                if try spool.read(content, deliver) { return }
                if try outputs?.read(content, deliver) ?? false { return }
                guard let id = ObjectID(hex: content) else { return }
                try repository.withBlob(id) { try deliver($0) }
            }
        }
        cache.prune()
        return entry
    }
}
