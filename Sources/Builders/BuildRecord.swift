internal import Artifacts
internal import GitCore
internal import ProjectConfig

/// What a build of a tree came to: kept, so that the same tree need not even be read again.
struct BuildRecord: Codable, Sendable {
    struct Layer: Codable, Sendable {
        let key: Digest
        let entry: LayerCache.Entry
    }

    let layers: [Layer]
    let notices: [String]

    /// Names what decides the layers of a build.
    static func key(_ request: BuildRequest, maximumLayers: Int) throws -> Digest {
        let parts = Parts(
            recipe: request.layerWriter.recipe, tree: request.tree.hex, exclude: request.image.exclude,
            blobTimes: request.image.blobTimes, maximumLayers: maximumLayers, overlay: try request.overlay?.key())
        return .sha256(of: try CanonicalJSON.encode(parts))
    }

    private struct Parts: Encodable {
        let recipe: String
        let tree: String
        let exclude: [String]
        let blobTimes: [String]
        let maximumLayers: Int
        let overlay: Digest?
    }
}
