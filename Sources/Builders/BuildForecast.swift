package import Artifacts
internal import GitCore
internal import ProjectConfig

/// What a build of a tree would have to make.
package struct BuildForecast: Sendable, Equatable {
    /// Layers of the tree; those of a base image are not counted.
    package let layers: Int
    /// How many of them were never made here.
    package let newLayers: Int
    /// Bytes of the files in these, before they are compressed.
    package let newBytes: Int64
    /// The layers that were made before.
    package let known: [Descriptor]
    /// What the pusher should know, a line each.
    package let notices: [String]
}

/// Tells what it would do, and writes nothing: no cache, no file.
package protocol ForecastingBuilder: Builder {
    /// - Parameter cache: the layers that were made before; nil where none are kept.
    static func forecast(_ request: BuildRequest, cache: LayerCache?) throws -> BuildForecast
}

extension BuildForecast {
    fileprivate init(_ plans: [LayerPlan], recipe: String, cache: LayerCache?, notices: [String]) {
        let entries = plans.map { plan in (plan, cache?.knownEntry(for: plan.key(recipe: recipe))) }
        let new = entries.filter { $0.1 == nil }.map(\.0)
        self.init(
            layers: plans.count, newLayers: new.count,
            newBytes: new.reduce(0) { sum, plan in sum + plan.entries.reduce(0) { $0 + $1.size } },
            known: entries.compactMap { $0.1?.descriptor }, notices: notices)
    }
}

extension OwnBuilder: ForecastingBuilder {
    package static func forecast(_ request: BuildRequest, cache: LayerCache?) throws -> BuildForecast {
        var reader = TreeReader(exclude: request.image.exclude, blobTimes: request.image.blobTimes)
        let tree = try reader.read(request.tree, in: request.repository)
        return BuildForecast(
            Layering.plan(tree, maximumLayers: maximumLayers(request)), recipe: LayerWriter.recipe, cache: cache,
            notices: reader.notices)
    }
}

extension ZipBuilder: ForecastingBuilder {
    package static func forecast(_ request: BuildRequest, cache: LayerCache?) throws -> BuildForecast {
        var reader = TreeReader(exclude: request.image.exclude)
        let tree = try reader.read(request.tree, in: request.repository)
        return BuildForecast(
            Layering.plan(tree, maximumLayers: 1), recipe: ZipWriter.recipe, cache: cache, notices: reader.notices)
    }
}
