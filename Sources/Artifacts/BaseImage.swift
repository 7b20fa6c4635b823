/// An image that others build upon, resolved to one platform and one digest.
package struct BaseImage: Sendable {
    /// The digest of the manifest for the platform; part of what decides the bytes of an artifact.
    package let digest: Digest
    package let configuration: ImageConfiguration
    package let layers: [Artifact.Layer]

    package init(digest: Digest, configuration: ImageConfiguration, layers: [Artifact.Layer]) {
        self.digest = digest
        self.configuration = configuration
        self.layers = layers
    }
}
