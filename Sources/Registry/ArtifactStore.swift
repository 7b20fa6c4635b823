package import Artifacts

/// Where artifacts are uploaded to and found again.
package protocol ArtifactStore: Sendable {
    /// The reference under which an artifact with this digest is deployed.
    func reference(to digest: Digest) -> String
    /// Whether the artifact is there whole.
    func contains(_ digest: Digest) async throws -> Bool
    /// The reference under which the artifact is deployed.
    func reference(to artifact: Artifact) -> String
    /// Whether the artifact is there whole.
    func contains(_ artifact: Artifact) async throws -> Bool
    /// Uploads what is missing of the artifact, its manifest last.
    ///
    /// - Parameter progress: told how many layers of how many are there.
    func upload(_ artifact: Artifact, progress: @escaping @Sendable (Int, Int) -> Void) async throws -> UploadSummary
    /// Keeps a document that speaks of the artifact without being part of it, such as its provenance.
    ///
    /// - Parameter type: the document's media type.
    func attach(_ document: [UInt8], type: String, to artifact: Artifact) async throws
    /// URLs by which whoever has no credentials may read the artifact for so many seconds, by the digest of each part;
    /// nil for a store that gives none. They are secrets.
    func presignedURLs(for artifact: Artifact, seconds: Int) async throws -> [String: String]?
}

extension ArtifactStore {
    package func reference(to artifact: Artifact) -> String { reference(to: artifact.digest) }
    package func contains(_ artifact: Artifact) async throws -> Bool { try await contains(artifact.digest) }
    package func presignedURLs(for artifact: Artifact, seconds: Int) async throws -> [String: String]? { nil }
}

/// What an upload had to send.
package struct UploadSummary: Sendable, Equatable {
    /// Layers that were sent, of `layers` in all.
    package var sentLayers: Int
    package var layers: Int
    /// Bytes of layers that were sent.
    package var sentBytes: Int64

    package init(sentLayers: Int, layers: Int, sentBytes: Int64) {
        self.sentLayers = sentLayers
        self.layers = layers
        self.sentBytes = sentBytes
    }
}
