/// Lists the manifests of one image for several platforms (OCI image-spec, image-index.md).
///
/// Reads Docker's manifest list too: the fields have the same names. Unknown fields are ignored.
package struct ImageIndex: Codable, Hashable, Sendable {
    package var schemaVersion: Int
    package var mediaType: String?
    package var manifests: [Descriptor]
    package var annotations: [String: String]?

    package init(manifests: [Descriptor], annotations: [String: String]? = nil) {
        schemaVersion = 2
        mediaType = MediaType.imageIndex
        self.manifests = manifests
        self.annotations = annotations
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        schemaVersion = try container.decode(Int.self, forKey: .schemaVersion)
        mediaType = try container.decodeIfPresent(String.self, forKey: .mediaType)
        manifests = try container.decodeIfPresent([Descriptor].self, forKey: .manifests) ?? []
        annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations)
    }

    /// Returns the first manifest for the platform; nil when there is none.
    ///
    /// A platform without a variant takes any variant.
    package func manifest(for wanted: Platform) -> Descriptor? {
        manifests.first { candidate in
            guard let platform = candidate.platform, MediaType.isManifest(candidate.mediaType) else { return false }
            return platform.os == wanted.os && platform.architecture == wanted.architecture
                && (wanted.variant == nil || platform.variant == wanted.variant)
        }
    }
}
