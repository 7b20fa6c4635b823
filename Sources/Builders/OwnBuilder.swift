internal import Artifacts
internal import GitCore
internal import ProjectConfig

/// Packages what git holds: an OCI image straight from the object database, with no checkout and no daemon.
///
/// The digest is a function of the tree, the settings and the recipe alone.
package struct OwnBuilder: Builder {
    /// Says in an image that the platform supplies the system, since the image has none.
    private static let systemLabel = ["im.backend.system": "host"]
    /// One time for everything, which ZIP can hold, too.
    private static let created = "1980-01-01T00:00:01Z"

    package let name = "own builder"
    private let cache: LayerCache

    package init(cache: LayerCache) {
        self.cache = cache
    }

    package func build(
        _ request: BuildRequest, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> BuildResult {
        var reader = TreeReader(exclude: request.image.exclude)
        let tree = try reader.read(request.tree, in: request.repository)
        let plans = Layering.plan(tree, maximumLayers: request.image.maximumLayers ?? 64)
        let made = try await layers(plans, request, progress)
        cache.prune()
        let own = made.map { layer in
            Artifact.Layer(
                descriptor: layer.entry.descriptor, source: .file(cache.path(of: layer.entry.descriptor.digest)))
        }
        let artifact = try Artifact(
            configuration: configuration(request, made.map(\.entry.diffID)), layers: (request.base?.layers ?? []) + own)
        return BuildResult(artifact: artifact, newLayers: made.count(where: \.isNew), notices: reader.notices)
    }

    private struct Made: Sendable {
        let entry: LayerCache.Entry
        let isNew: Bool
    }

    /// Two layers at a time, as compressing keeps a core busy; the order stays that of the plan.
    private func layers(
        _ plans: [LayerPlan], _ request: BuildRequest, _ progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> [Made] {
        try await withThrowingTaskGroup(of: (Int, Made).self) { group in
            var made = [Made?](repeating: nil, count: plans.count)
            var next = plans.indices.makeIterator()
            for _ in 0..<2 {
                if let index = next.next() { group.addTask { (index, try await self.layer(plans[index], request)) } }
            }
            var done = 0
            while let (index, layer) = try await group.next() {
                made[index] = layer
                done += 1
                progress(done, plans.count)
                if let index = next.next() { group.addTask { (index, try await self.layer(plans[index], request)) } }
            }
            return made.compactMap(\.self)
        }
    }

    @concurrent
    private func layer(_ plan: LayerPlan, _ request: BuildRequest) async throws -> Made {
        let key = plan.key(recipe: LayerWriter.recipe)
        if let entry = cache.entry(for: key) { return Made(entry: entry, isNew: false) }
        let repository = try request.repository.open()
        let entry = try cache.store(key) { descriptor in
            try LayerWriter().write(plan, to: descriptor) { content, deliver in
                guard let id = ObjectID(hex: content) else { return }
                try repository.withBlob(id) { try deliver($0) }
            }
        }
        return Made(entry: entry, isNew: true)
    }

    private func configuration(_ request: BuildRequest, _ diffIDs: [Digest]) -> ImageConfiguration {
        var execution = request.base?.configuration.config ?? .init()
        execution.workingDirectory = "/app"
        execution.environment = environment(request)
        // The base's own entrypoint starts the base's own program.
        execution.entrypoint = nil
        execution.command = request.command.map { ["/bin/sh", "-c", $0] }
        if request.base == nil { execution.labels = Self.systemLabel }
        let history = diffIDs.map { _ in
            ImageConfiguration.History(created: Self.created, createdBy: "bim \(LayerWriter.recipe)")
        }
        return ImageConfiguration(
            created: Self.created, platform: request.platform, config: execution,
            diffIDs: (request.base?.configuration.rootfs.diffIDs ?? []) + diffIDs,
            history: (request.base?.configuration.history ?? []) + history)
    }

    /// The base's variables with the project's own over them, sorted by name.
    private func environment(_ request: BuildRequest) -> [String]? {
        var variables: [String: String] = [:]
        for pair in request.base?.configuration.config?.environment ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            variables[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        variables.merge(request.image.environment) { _, own in own }
        return variables.isEmpty ? nil : variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}
