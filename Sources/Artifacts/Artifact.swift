/// What a builder makes and a registry takes: an OCI image whose layers lie in files.
package struct Artifact: Sendable {
    /// A layer, and where its compressed bytes are.
    package struct Layer: Sendable {
        /// Where the bytes of a layer come from.
        package enum Source: Sendable {
            case file(String)
            /// Not at hand yet: brought to a file when somebody needs the bytes, and not before.
            case onDemand(LayerFetch)
        }

        package let descriptor: Descriptor
        package let source: Source
        /// The repository that is known to hold the layer, from which a registry may take it over.
        package let origin: Origin?

        package init(descriptor: Descriptor, source: Source, origin: Origin? = nil) {
            self.descriptor = descriptor
            self.source = source
            self.origin = origin
        }

        /// The path of a file with the layer's bytes, made or fetched first where it has to be.
        package func file() async throws -> String {
            switch source {
            case .file(let path): path
            case .onDemand(let fetch): try await fetch(descriptor)
            }
        }
    }

    /// Brings a layer to a file of the user's cache and returns its path.
    package typealias LayerFetch = @Sendable (Descriptor) async throws -> String

    /// A repository of a registry.
    package struct Origin: Hashable, Sendable {
        /// Host and port as the registry is called in references.
        package let host: String
        package let repository: String

        package init(host: String, repository: String) {
            self.host = host
            self.repository = repository
        }
    }

    /// The manifest's bytes, as they are uploaded; their digest names the artifact.
    package let manifest: [UInt8]
    package let digest: Digest
    /// The image configuration's bytes.
    package let configuration: [UInt8]
    package let configurationDescriptor: Descriptor
    package let layers: [Layer]

    /// Makes the manifest for a configuration and its layers, the same bytes every time.
    package init(configuration: ImageConfiguration, layers: [Layer], annotations: [String: String]? = nil) throws {
        self.configuration = try CanonicalJSON.encode(configuration)
        self.configurationDescriptor = Descriptor(
            mediaType: MediaType.imageConfiguration, digest: .sha256(of: self.configuration),
            size: Int64(self.configuration.count))
        self.layers = layers
        self.manifest = try CanonicalJSON.encode(
            ImageManifest(
                config: configurationDescriptor, layers: layers.map(\.descriptor), annotations: annotations))
        self.digest = .sha256(of: manifest)
    }

    /// Makes an artifact of a ZIP: a manifest for registries, and the file itself for everybody else.
    package init(zip layer: Layer, annotations: [String: String]? = nil) throws {
        configuration = Array("{}".utf8)
        configurationDescriptor = Descriptor(mediaType: MediaType.empty, content: configuration)
        layers = [layer]
        manifest = try CanonicalJSON.encode(
            ImageManifest(
                artifactType: MediaType.zipApp, config: configurationDescriptor, layers: [layer.descriptor],
                annotations: annotations))
        digest = .sha256(of: manifest)
    }

    /// The ZIP that the artifact is; nil for an image.
    package var zip: Layer? {
        layers.count == 1 && layers[0].descriptor.mediaType == MediaType.zip ? layers[0] : nil
    }

    /// The compressed size of all layers in bytes.
    package var size: Int64 { layers.reduce(0) { $0 + $1.descriptor.size } }
}
