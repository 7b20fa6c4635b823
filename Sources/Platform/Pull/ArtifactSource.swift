internal import Artifacts
internal import HTTPTransport
internal import Registry

/// Where the parts of an artifact come from, each by its digest; whoever reads holds them against it.
protocol ArtifactSource: Sendable {
    /// The bytes of a manifest or an image index.
    func manifest(_ digest: Digest) async throws -> [UInt8]
    /// Hands a blob over piece by piece.
    func download(_ digest: Digest, _ onChunk: ([UInt8]) async throws -> Void) async throws
}

extension ArtifactSource {
    /// A small blob whole.
    func document(_ digest: Digest) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await download(digest) { chunk in
            bytes += chunk
            guard bytes.count <= Limits.manifestBytes else { throw PullFailure.documentTooLarge(digest) }
        }
        return bytes
    }

    func manifest(_ digest: Digest) async throws -> [UInt8] { try await document(digest) }
}

extension RegistryReader: ArtifactSource {}

/// Objects in S3, read with the platform's own credentials.
struct ObjectSource: ArtifactSource {
    let store: S3Store
    let isZip: Bool

    func download(_ digest: Digest, _ onChunk: ([UInt8]) async throws -> Void) async throws {
        if isZip {
            try await store.download(zip: digest, onChunk)
        } else {
            try await store.download(blob: digest, onChunk)
        }
    }
}

/// URLs that the client has handed over with the right to read in them.
///
/// They are secrets: of an address that fails only the host is told.
struct PresignedSource: ArtifactSource {
    let urls: [Digest: String]
    let transport: HTTPTransport

    func download(_ digest: Digest, _ onChunk: ([UInt8]) async throws -> Void) async throws {
        guard let url = urls[digest], let address = WebAddress(url) else { throw PullFailure.noURL(digest) }
        do {
            let reply = try await transport.stream(Exchange("GET", url, deadline: ArtifactPuller.deadline)) { chunk in
                try await onChunk(chunk)
                return true
            }
            guard reply.status == 200 else { throw PullFailure.refused(host: address.host, status: reply.status) }
        } catch let error as TransportError {
            throw error.kind == .privateAddress
                ? PullFailure.privateAddress(host: address.host)
                : PullFailure.unreachable(host: address.host, detail: error.detail)
        }
    }
}
