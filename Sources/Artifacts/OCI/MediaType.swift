/// The media types that bim writes (OCI) and those it also reads (Docker image manifest version 2, schema 2).
package enum MediaType {
    package static let imageManifest = "application/vnd.oci.image.manifest.v1+json"
    package static let imageIndex = "application/vnd.oci.image.index.v1+json"
    package static let imageConfiguration = "application/vnd.oci.image.config.v1+json"
    package static let layer = "application/vnd.oci.image.layer.v1.tar"
    package static let layerGzip = "application/vnd.oci.image.layer.v1.tar+gzip"
    package static let layerZstd = "application/vnd.oci.image.layer.v1.tar+zstd"
    package static let zip = "application/zip"
    /// What the manifest of an app in a ZIP is.
    package static let zipApp = "application/vnd.backendim.app.v1+zip"
    package static let empty = "application/vnd.oci.empty.v1+json"

    package static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    package static let dockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"
    package static let dockerConfiguration = "application/vnd.docker.container.image.v1+json"
    package static let dockerLayer = "application/vnd.docker.image.rootfs.diff.tar"
    package static let dockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip"

    /// What a client that resolves a reference sends as `Accept`.
    package static let resolvable = [imageManifest, imageIndex, dockerManifest, dockerManifestList]

    /// Tells whether content of this type is read as an ``ImageManifest``.
    package static func isManifest(_ type: String) -> Bool {
        type == imageManifest || type == dockerManifest
    }

    /// Tells whether content of this type is read as an ``ImageIndex``.
    package static func isIndex(_ type: String) -> Bool {
        type == imageIndex || type == dockerManifestList
    }

    /// Tells whether content of this type is read as an ``ImageConfiguration``.
    package static func isConfiguration(_ type: String) -> Bool {
        type == imageConfiguration || type == dockerConfiguration
    }

    /// Tells whether content of this type is a layer that ``LayerUnpacker`` reads.
    package static func isLayer(_ type: String) -> Bool {
        [layer, layerGzip, layerZstd, dockerLayer, dockerLayerGzip].contains(type)
    }
}
