package import Artifacts
package import HTTPTransport

/// The parts of an artifact as a registry keeps them, each by its digest; holding them against it is the reader's part.
package struct RegistryReader: Sendable {
    private let session: RegistrySession

    /// - Parameter environment: the user's variables, which say where credentials are.
    package init(_ reference: ImageReference, environment: [String: String], transport: HTTPTransport) {
        session = RegistrySession(reference, environment: environment, transport: transport)
    }

    /// The registry of a platform, which takes bim's own token.
    package init(baseURL: String, repository: String, token: String?, transport: HTTPTransport) {
        session = RegistrySession(
            RegistryEndpoint(baseURL: baseURL), repository: repository, transport: transport,
            authorization: .fixed(token.map { "Bearer \($0)" }))
    }

    /// The manifests that refer to an artifact.
    package func referrers(of digest: Digest) async throws -> [Descriptor] { try await session.referrers(of: digest) }

    /// A manifest or an image index, at most 8 MiB of it.
    package func manifest(_ digest: Digest) async throws -> [UInt8] {
        let reply = try await session.read(
            "GET", "manifests/\(digest)", accept: MediaType.resolvable.joined(separator: ", "))
        guard reply.status == 200 else { throw await session.error(reply) }
        return reply.body
    }

    /// Hands a blob over piece by piece.
    package func download(_ digest: Digest, _ onChunk: ([UInt8]) async throws -> Void) async throws {
        try await session.download("blobs/\(digest)", onChunk)
    }
}
