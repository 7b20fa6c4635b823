/// What a builder makes and a registry takes: an OCI image whose layers lie in files.
package struct Artifact: Sendable {
    /// A layer, and where its compressed bytes are.
    package struct Layer: Sendable {
        /// Where the bytes of a layer come from.
        package enum Source: Sendable {
            case file(String)
            /// A layer of the base image, which the caller can bring to a file when it is needed.
            case base(BaseLayerFetch)
        }

        package let descriptor: Descriptor
        package let source: Source

        package init(descriptor: Descriptor, source: Source) {
            self.descriptor = descriptor
            self.source = source
        }
    }

    /// Brings a layer of a base image to a file of the user's cache and returns its path.
    package typealias BaseLayerFetch = @Sendable (Descriptor) async throws -> String

    /// The manifest's bytes, as they are uploaded; their digest names the artifact.
    package let manifest: [UInt8]
    package let digest: Digest
    /// The image configuration's bytes.
    package let configuration: [UInt8]
    package let configurationDescriptor: Descriptor
    package let layers: [Layer]

    /// Makes the manifest for a configuration and its layers, the same bytes every time.
    package init(configuration: ImageConfiguration, layers: [Layer]) throws {
        self.configuration = try CanonicalJSON.encode(configuration)
        self.configurationDescriptor = Descriptor(
            mediaType: MediaType.imageConfiguration, digest: .sha256(of: self.configuration),
            size: Int64(self.configuration.count))
        self.layers = layers
        self.manifest = try CanonicalJSON.encode(
            ImageManifest(config: configurationDescriptor, layers: layers.map(\.descriptor)))
        self.digest = .sha256(of: manifest)
    }

    /// The compressed size of all layers in bytes.
    package var size: Int64 { layers.reduce(0) { $0 + $1.descriptor.size } }
}
