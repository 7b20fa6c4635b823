/// Points at content by type, digest and size (OCI image-spec, descriptor.md).
package struct Descriptor: Codable, Hashable, Sendable {
    package var mediaType: String
    package var digest: Digest
    /// The size of the content in bytes.
    package var size: Int64
    package var annotations: [String: String]?
    /// Only in an ``ImageIndex``: what the manifest's programs run on.
    package var platform: Platform?
    /// Only in a list of referrers: what the manifest carries.
    package var artifactType: String?

    package init(
        mediaType: String, digest: Digest, size: Int64, annotations: [String: String]? = nil, platform: Platform? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.platform = platform
    }

    /// Describes content that is at hand.
    package init(mediaType: String, content: [UInt8]) {
        self.init(mediaType: mediaType, digest: .sha256(of: content), size: Int64(content.count))
    }
}

/// Says what the programs of an image run on, in Go's words: `linux`, `amd64`.
package struct Platform: Codable, Hashable, Sendable {
    package var os: String
    package var architecture: String
    /// The variant of the processor, such as `v8`.
    package var variant: String?

    package init(os: String, architecture: String, variant: String? = nil) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
    }
}
