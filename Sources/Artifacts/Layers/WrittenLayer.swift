/// Describes a layer that was written; what a cache keeps under ``LayerOutline/key(recipe:)``.
package struct WrittenLayer: Codable, Hashable, Sendable {
    /// The compressed layer.
    package var descriptor: Descriptor
    /// The digest of the tar archive before compression.
    package var diffID: Digest

    package init(descriptor: Descriptor, diffID: Digest) {
        self.descriptor = descriptor
        self.diffID = diffID
    }
}
