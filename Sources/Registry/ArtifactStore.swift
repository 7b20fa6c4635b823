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
    /// Takes layers as they are made, before the artifact that they are of is whole.
    func take(_ layers: AsyncStream<Artifact.Layer>) async throws -> TakenLayers
    /// Uploads what is missing of the artifact, its manifest last.
    ///
    /// - Parameters:
    ///   - taken: what ``take(_:)`` returned of this artifact's layers.
    ///   - progress: told how many layers of how many are there.
    func upload(
        _ artifact: Artifact, after taken: TakenLayers, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> UploadSummary
    /// Keeps a document that speaks of the artifact without being part of it, such as its provenance.
    ///
    /// - Parameters:
    ///   - type: the document's media type.
    ///   - name: the file that others write the document to.
    func attach(_ document: [UInt8], type: String, named name: String, to artifact: Artifact) async throws
    /// URLs by which whoever has no credentials may read the artifact for so many seconds, by the digest of each part;
    /// nil for a store that gives none. They are secrets.
    func presignedURLs(for artifact: Artifact, seconds: Int) async throws -> [String: String]?
}

extension ArtifactStore {
    package func reference(to artifact: Artifact) -> String { reference(to: artifact.digest) }
    package func contains(_ artifact: Artifact) async throws -> Bool { try await contains(artifact.digest) }
    /// A store that wants the artifact whole.
    package func take(_ layers: AsyncStream<Artifact.Layer>) async throws -> TakenLayers { TakenLayers() }
    package func upload(
        _ artifact: Artifact, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> UploadSummary {
        try await upload(artifact, after: TakenLayers(), progress: progress)
    }
    package func presignedURLs(for artifact: Artifact, seconds: Int) async throws -> [String: String]? { nil }
}

/// What a store has taken before an artifact was whole.
package struct TakenLayers: Sendable {
    /// What need not be asked for again; nil when nothing was asked for yet.
    var present: Set<Digest>?
    var sentLayers = 0
    var sentBytes: Int64 = 0

    package init() {}

    /// Takes note of a layer that is there now; `sent` is nil when it was there before.
    mutating func note(_ digest: Digest, sent: Int64?) {
        present?.insert(digest)
        guard let sent else { return }
        sentLayers += 1
        sentBytes += sent
    }
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
