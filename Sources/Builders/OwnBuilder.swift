internal import Artifacts
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
        let (plans, notices) = try await maker.plans()
        let made = try await layers(plans, request, maker, onEvent)
        let record = BuildRecord(layers: made.map(\.layer), notices: notices)
        try cache.store(record, for: key)
        cache.prune()
        return try result(
            request, record, maker, newLayers: made.count(where: \.isNew), notices: notices + made.compactMap(\.notice))
    }

    /// How many layers the tree may have, above those of the base.
    static func maximumLayers(_ request: BuildRequest) -> Int {
        let room = max(1, layerLimit - (request.base?.layers.count ?? 0))
        return min(request.image.maximumLayers ?? layersByDefault, room)
    }

    private func result(
        _ request: BuildRequest, _ record: BuildRecord, _ maker: LayerMaker, newLayers: Int, notices: [String]
    ) throws -> BuildResult {
        let own = record.layers.map { layer in
            Artifact.Layer(
                descriptor: layer.entry.descriptor, source: .onDemand { _ in try await maker.file(of: layer) })
        }
        let assembly = ImageAssembly(request: request)
        let artifact = try Artifact(
            configuration: assembly.configuration(record.layers.map(\.entry.diffID)),
            layers: (request.base?.layers ?? []) + own, annotations: assembly.annotations)
        return BuildResult(
            artifact: artifact, newLayers: newLayers, notices: notices,
            definition: .ownBuilder(recipe: LayerWriter.recipe, base: request.base?.digest))
    }

    private struct Made: Sendable {
        let layer: BuildRecord.Layer
        let isNew: Bool
        var notice: String?
    }

    /// As many layers at a time as there are cores, as compressing keeps one busy; the order stays that of the plan.
    private func layers(
        _ plans: [LayerPlan], _ request: BuildRequest, _ maker: LayerMaker,
        _ onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> [Made] {
        try await withThrowingTaskGroup(of: (Int, Made).self) { group in
            var made = [Made?](repeating: nil, count: plans.count)
            var next = plans.indices.makeIterator()
            for _ in 0..<min(4, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) {
                if let index = next.next() {
                    group.addTask { (index, try await self.layer(plans[index], request, maker)) }
                }
            }
            var done = 0
            while let (index, layer) = try await group.next() {
                made[index] = layer
                done += 1
                onEvent(.layers(done: done, of: plans.count))
                if let index = next.next() {
                    group.addTask { (index, try await self.layer(plans[index], request, maker)) }
                }
            }
            return made.compactMap(\.self)
        }
    }

    @concurrent
    private func layer(_ plan: LayerPlan, _ request: BuildRequest, _ maker: LayerMaker) async throws -> Made {
        let key = plan.key(recipe: LayerWriter.recipe)
        let known = cache.entry(for: key)
        if request.usesCache, let known { return Made(layer: .init(key: key, entry: known), isNew: false) }
        let entry = try await maker.make(plan, key: key)
        var made = Made(layer: .init(key: key, entry: entry), isNew: true)
        if let known, known != entry {
            made.notice =
                "the cache held \(known.descriptor.digest) for a layer that is \(entry.descriptor.digest); it is right now"
        }
        return made
    }
}
