internal import Artifacts
internal import HTTPTransport
internal import PlatformAPI
internal import Registry

/// An artifact of which every part that was asked for lies in the blob store.
struct StoredArtifact: Sendable {
    enum Content: Sendable {
        case image(ImageManifest, ImageConfiguration)
        case zip(Descriptor)
    }

    let content: Content
    /// The index, manifest, configuration and layers that it consists of.
    let parts: [Digest]
}

/// Brings the parts of an artifact into the blob store, wherever they lie; what is here already is not asked for.
///
/// Other places are asked with the platform's own credentials, or through presigned URLs that the client has handed over.
struct ArtifactPuller: Sendable {
    /// The time that the whole of an artifact may take.
    static let deadline = Duration.seconds(1800)

    let blobs: BlobStore
    /// The variables that say where the platform's user keeps credentials.
    let environment: [String: String]
    /// Where it may connect to for the sake of whoever deploys.
    let reach: Reach

    /// - Parameters:
    ///   - needsLayers: false when they have been unpacked before.
    ///   - progress: told what has come, at most twice a second.
    /// - Throws: `PullFailure`, `RegistryError` or `S3Error` when it cannot be had, `Problem` for no reference.
    func pull(
        _ artifact: DeploymentRequest.Artifact, of app: AppID, needsLayers: Bool = true,
        progress: @escaping @Sendable (String) async -> Void = { _ in }
    ) async throws -> StoredArtifact {
        guard let location = ArtifactLocation(artifact.reference, of: app) else {
            throw PullFailure.unusable("'\(artifact.reference)' names none by its digest")
        }
        let source = try source(location, artifact.urls)
        return try await Self.within(Self.deadline) {
            let work = PullWork(blobs: blobs, reference: artifact.reference, source: source)
            let stored = try await work.documents(location)
            guard stored.kind.rawValue == artifact.kind else {
                throw PullFailure.unusable("it is \(stored.kind.phrase), and was called \(artifact.kind)")
            }
            if needsLayers { try await work.layers(of: stored, progress) }
            return stored
        }
    }

    /// Nil for the platform's own registry, in which everything must be already.
    private func source(_ location: ArtifactLocation, _ urls: [String: String]?) throws -> (any ArtifactSource)? {
        if let urls, location.isInS3 {
            let known = urls.compactMap { digest, url in Digest(digest).map { ($0, url) } }
            return PresignedSource(
                urls: Dictionary(known, uniquingKeysWith: { first, _ in first }), transport: HTTPTransport(reach: reach)
            )
        }
        switch location {
        case .own: return nil
        case .registry(let reference, _):
            return RegistryReader(reference, environment: environment, transport: HTTPTransport(reach: reach))
        case .imageObject(let folder, _), .zipObject(let folder, _):
            // The endpoint is the operator's choice, so it may lie anywhere.
            guard let place = S3Location(folder.place, environment: environment) else { throw PullFailure.notEncrypted }
            let store = S3Store(place, app: folder.app, environment: environment, transport: HTTPTransport())
            if case .zipObject = location { return ObjectSource(store: store, isZip: true) }
            return ObjectSource(store: store, isZip: false)
        }
    }

    private static func within<Result: Sendable>(
        _ limit: Duration, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw PullFailure.tookTooLong(limit)
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }
}

extension StoredArtifact {
    var kind: ArtifactKind {
        switch content {
        case .image: .image
        case .zip: .zip
        }
    }
}

extension ArtifactKind {
    fileprivate var phrase: String {
        switch self {
        case .image: "an image"
        case .zip: "a ZIP"
        }
    }
}
