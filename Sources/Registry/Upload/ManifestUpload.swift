internal import Artifacts
internal import HTTPTransport

/// Puts manifests: first by digest, then under their tags, so that a tag never points to what is not whole.
struct ManifestUpload: Sendable {
    private static let attempts = 5

    private let session: RegistrySession
    private let policy: RetryPolicy
    private var scope: TokenSource.Scope { TokenSource.Scope(session.repository, "pull,push") }

    init(_ session: RegistrySession, policy: RetryPolicy) {
        self.session = session
        self.policy = policy
    }

    func put(_ artifact: Artifact, tags: [String]) async throws {
        _ = try await put(artifact.manifest, MediaType.imageManifest, under: artifact.digest.description)
        for tag in tags {
            // A registry may keep a tag from moving; one that is where it should be need not.
            let present = try await session.read("HEAD", "manifests/\(tag)", accept: MediaType.imageManifest)
            if present.header("Docker-Content-Digest") == artifact.digest.description { continue }
            _ = try await put(artifact.manifest, MediaType.imageManifest, under: tag)
        }
    }

    /// Puts a manifest of any kind under a tag or its digest.
    ///
    /// - Throws: `RegistryError.blobsMissing` when the registry does not have what the manifest lists.
    func put(_ bytes: [UInt8], _ type: String, under name: String) async throws -> Reply {
        for attempt in 1... {
            let reply = try await session.send(
                Exchange(
                    "PUT", session.url("manifests/\(name)"), headers: [("Content-Type", type)], body: .bytes(bytes)),
                scope, retry: policy)
            if reply.status == 201 || reply.status == 200 || reply.status == 202 {
                let digest = Digest.sha256(of: bytes).description
                guard let said = reply.header("Docker-Content-Digest"), said != digest else { return reply }
                throw RegistryError.refused(
                    host: session.endpoint.host, status: reply.status, message: "it took the manifest for \(said)")
            }
            // What was just uploaded may be seen a moment later than it was taken.
            guard ["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"].contains(RegistrySession.code(reply)) else {
                throw await session.error(reply)
            }
            guard attempt < Self.attempts else {
                throw RegistryError.blobsMissing(host: session.endpoint.host, repository: session.repository)
            }
            try await Task.sleep(for: policy.delay(after: attempt, asked: reply.retryAfter))
        }
        throw CancellationError()
    }
}
