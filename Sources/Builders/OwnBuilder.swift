internal import Artifacts
internal import GitCore
internal import ProjectConfig

#if canImport(Glibc)
    internal import Glibc
#endif

/// Packages what git holds: an OCI image straight from the object database, with no checkout and no daemon.
///
/// The digest is a function of the tree, the settings and the recipe alone. What was built before is found by these,
/// and nothing of it is read again.
package struct OwnBuilder: Builder {
    /// Runtimes of containers take about a hundred layers.
    private static let layerLimit = 96
    private static let layersByDefault = 64

    package let name = "own builder"
    private let cache: LayerCache

    package init(cache: LayerCache) {
        self.cache = cache
    }

    package func build(
        _ request: BuildRequest, onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> BuildResult {
        let maximumLayers = Self.maximumLayers(request)
        let maker = LayerMaker(request, cache: cache, maximumLayers: maximumLayers)
        let key = try BuildRecord.key(request, maximumLayers: maximumLayers)
        if request.usesCache, let record = cache.record(for: key) {
            onEvent(.layers(done: record.layers.count, of: record.layers.count))
            return try result(request, record, maker, newLayers: 0, notices: record.notices)
        }
        // What is read of packs stays mapped as long as anybody has them open.
        let packs = try request.repository.open()
        defer { withExtendedLifetime(packs) {} }
        let outline = try await maker.outline()
        let made = try await layers(outline, request, maker, onEvent)
        let record = BuildRecord(layers: made.map(\.layer), notices: outline.notices)
        try cache.store(record, for: key)
        cache.prune()
        return try result(
            request, record, maker, newLayers: made.count(where: \.isNew),
            notices: outline.notices + made.compactMap(\.notice))
    }

    /// How many layers the tree may have, above those of the base.
    static func maximumLayers(_ request: BuildRequest) -> Int {
        let room = max(1, layerLimit - (request.base?.layers.count ?? 0))
        return min(request.image.maximumLayers ?? layersByDefault, room)
    }

    private func result(
        _ request: BuildRequest, _ record: BuildRecord, _ maker: LayerMaker, newLayers: Int, notices: [String]
    ) throws -> BuildResult {
        let own = record.layers.map { $0.artifactLayer(maker) }
        let assembly = ImageAssembly(request: request)
        let artifact = try Artifact(
            configuration: assembly.configuration(record.layers.map(\.entry.diffID)),
            layers: (request.base?.layers ?? []) + own, annotations: assembly.annotations)
        return BuildResult(
            artifact: artifact, newLayers: newLayers, notices: notices,
            definition: .ownBuilder(recipe: request.layerWriter.recipe, base: request.base?.digest))
    }

    private struct Made: Sendable {
        let layer: BuildRecord.Layer
        let isNew: Bool
        /// What the cache held of a layer that was made all the same.
        var known: LayerCache.Entry?

        var notice: String? {
            guard let known, known != layer.entry else { return nil }
            let (held, right) = (known.descriptor.digest, layer.entry.descriptor.digest)
            return "the cache held \(held) for a layer that is \(right); it is right now"
        }
    }

    /// As many layers at a time as there are cores, as compressing keeps one busy; the order stays that of the outline.
    private func layers(
        _ outline: TreeOutline, _ request: BuildRequest, _ maker: LayerMaker,
        _ onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> [Made] {
        let list = WorkList(count: outline.layers.count)
        return try await withThrowingTaskGroup(of: [(Int, Made)].self) { group in
            for _ in 0..<min(4, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) {
                group.addTask(executorPreference: OwnThread()) {
                    try await lane(list, outline, request, maker, onEvent)
                }
            }
            var made = [Made?](repeating: nil, count: outline.layers.count)
            for try await lane in group {
                for (index, layer) in lane { made[index] = layer }
            }
            return made.compactMap(\.self)
        }
    }

    /// Makes one layer after another with one handle to the repository, until none is left.
    @concurrent
    private func lane(
        _ list: WorkList, _ outline: TreeOutline, _ request: BuildRequest, _ maker: LayerMaker,
        _ onEvent: @Sendable (BuildEvent) -> Void
    ) async throws -> [(Int, Made)] {
        let repository = try request.repository.open()
        var made: [(Int, Made)] = []
        while let index = list.next() {
            try Task.checkCancellation()
            let outlined = outline.layers[index]
            let key = outlined.key(recipe: request.layerWriter.recipe)
            let known = cache.entry(for: key)
            if request.usesCache, let known {
                made.append((index, Made(layer: .init(key: key, entry: known), isNew: false)))
            } else {
                let entry = try await maker.make(outlined, of: outline, key: key, in: repository)
                let layer = BuildRecord.Layer(key: key, entry: entry)
                made.append((index, Made(layer: layer, isNew: true, known: known)))
                onEvent(.layer(layer.artifactLayer(maker)))
            }
            onEvent(.layers(done: list.finish(), of: outline.layers.count))
        }
        return made
    }
}
