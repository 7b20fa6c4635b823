/// Lists the image configuration and the layers of one image (OCI image-spec, manifest.md).
///
/// Reads Docker's schema 2 too: the fields have the same names. Unknown fields are ignored.
package struct ImageManifest: Codable, Hashable, Sendable {
    package var schemaVersion: Int
    package var mediaType: String?
    /// Set when the manifest is not an image, for example a ZIP.
    package var artifactType: String?
    package var config: Descriptor
    /// The lowest layer first.
    package var layers: [Descriptor]
    package var annotations: [String: String]?
    /// What the manifest refers to, when it is about another.
    package var subject: Descriptor?

    package init(
        artifactType: String? = nil, config: Descriptor, layers: [Descriptor], annotations: [String: String]? = nil,
        subject: Descriptor? = nil
    ) {
        schemaVersion = 2
        mediaType = MediaType.imageManifest
        self.artifactType = artifactType
        self.config = config
        self.layers = layers
        self.annotations = annotations
        self.subject = subject
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        schemaVersion = try container.decode(Int.self, forKey: .schemaVersion)
        mediaType = try container.decodeIfPresent(String.self, forKey: .mediaType)
        artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
        config = try container.decode(Descriptor.self, forKey: .config)
        layers = try container.decodeIfPresent([Descriptor].self, forKey: .layers) ?? []
        annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations)
        subject = try container.decodeIfPresent(Descriptor.self, forKey: .subject)
    }
}
