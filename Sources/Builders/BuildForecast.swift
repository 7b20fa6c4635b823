package import Artifacts

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
    fileprivate init(_ request: BuildRequest, maximumLayers: Int, recipe: String, cache: LayerCache?) throws {
        let outline = try TreeOutline(forecasting: request, cache: cache, maximumLayers: maximumLayers)
        let entries = outline.layers.map { layer in (layer, cache?.knownEntry(for: layer.key(recipe: recipe))) }
        let new = entries.filter { $0.1 == nil }.map(\.0)
        self.init(
            layers: outline.layers.count, newLayers: new.count,
            newBytes: Int64(clamping: new.reduce(0) { $0 + $1.bytes }), known: entries.compactMap { $0.1?.descriptor },
            notices: outline.notices)
    }
}

extension OwnBuilder: ForecastingBuilder {
    package static func forecast(_ request: BuildRequest, cache: LayerCache?) throws -> BuildForecast {
        try BuildForecast(
            request, maximumLayers: maximumLayers(request), recipe: request.layerWriter.recipe, cache: cache)
    }
}

extension ZipBuilder: ForecastingBuilder {
    package static func forecast(_ request: BuildRequest, cache: LayerCache?) throws -> BuildForecast {
        try BuildForecast(request, maximumLayers: 1, recipe: ZipWriter.recipe, cache: cache)
    }
}
