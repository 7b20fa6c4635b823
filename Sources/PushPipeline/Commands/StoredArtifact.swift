internal import Artifacts
internal import Diagnostics
internal import HTTPTransport
internal import Registry

/// An artifact read back from where it lies; each part is held against its digest.
struct StoredArtifact: Sendable {
    let reference: String
    let digest: Digest
    /// `image` or `zip`.
    let kind: String
    /// The layers, or the ZIP.
    var layers: [Descriptor] = []
    var annotations: [String: String] = [:]
    /// Nil for a ZIP.
    var configuration: ImageConfiguration?
    /// What is said of how it was made; more than one where it was built more than once.
    var provenance: [Provenance] = []
}

/// Where an artifact lies.
enum ArtifactPlace: Sendable {
    case registry(RegistryReader)
    case bucket(S3Store, isZip: Bool)

    /// How much of a document is read.
    private static let documentLimit = 8 << 20

    /// - Parameters:
    ///   - reference: as a deployment names an artifact.
    ///   - own: the registry that a reference without a host is in, with the app's name there.
    /// - Returns: nil for what names no artifact by its digest.
    static func find(
        _ reference: String, own: (app: String, registry: PlatformRegistry)?, environment: [String: String],
        transport: HTTPTransport
    ) -> (place: ArtifactPlace, digest: Digest)? {
        let parts = reference.split(separator: "@", maxSplits: 1).map(String.init)
        if reference.hasPrefix("s3://") {
            var names = parts[0].split(separator: "/").map(String.init)
            var digest = parts.count == 2 ? Digest(parts[1]) : nil
            let isZip = digest == nil
            if isZip, let file = names.popLast(), file.hasSuffix(".zip") {
                digest = Digest("sha256:\(file.dropLast(4))")
            }
            // The app's name is `<user>/<name>`; what stands before it is the bucket and its prefix.
            guard let digest, names.count >= 3,
                let location = S3Location(
                    "s3://" + names[1..<(names.count - 1)].joined(separator: "/"), environment: environment),
                let folder = names.last
            else { return nil }
            let store = S3Store(location, app: folder, environment: environment, transport: transport)
            return (.bucket(store, isZip: isZip), digest)
        }
        guard parts.count == 2, let digest = Digest(parts[1]) else { return nil }
        if let own, own.app == parts[0] {
            let reader = RegistryReader(
                baseURL: own.registry.baseURL, repository: own.app, token: own.registry.token, transport: transport)
            return (.registry(reader), digest)
        }
        guard let image = ImageReference(reference) else { return nil }
        return (.registry(RegistryReader(image, environment: environment, transport: transport)), digest)
    }

    /// Reads what there is to say of the artifact; no layer is fetched.
    func read(_ digest: Digest, reference: String) async throws -> StoredArtifact {
        if case .bucket(let store, isZip: true) = self {
            var artifact = StoredArtifact(reference: reference, digest: digest, kind: "zip")
            let size = try await store.size(ofZip: digest) ?? 0
            artifact.layers = [Descriptor(mediaType: MediaType.zip, digest: digest, size: size)]
            artifact.provenance = Self.statements(try await store.attachments(to: digest), of: [digest])
            return artifact
        }
        let bytes = try await manifest(digest)
        if let index = try? CanonicalJSON.decode(ImageIndex.self, from: bytes), let first = index.manifests.first {
            let place = reference.split(separator: "@")[0]
            throw UserError(
                .configInvalid, "'\(reference)' is a list of \(index.manifests.count) images",
                hint: "git bim inspect \(place)@\(first.digest)")
        }
        guard let manifest = try? CanonicalJSON.decode(ImageManifest.self, from: bytes) else {
            throw UserError(.pullFailed, "'\(reference)' is no artifact", hint: "git bim log  names those that are")
        }
        let isZip = manifest.artifactType == MediaType.zipApp
        var artifact = StoredArtifact(reference: reference, digest: digest, kind: isZip ? "zip" : "image")
        artifact.layers = manifest.layers
        artifact.annotations = manifest.annotations ?? [:]
        if MediaType.isConfiguration(manifest.config.mediaType) {
            artifact.configuration = try CanonicalJSON.decode(
                ImageConfiguration.self, from: try await blob(manifest.config.digest))
        }
        artifact.provenance = Self.statements(
            try await attachments(to: digest), of: [digest] + (isZip ? manifest.layers.map(\.digest) : []))
        return artifact
    }

    /// The statements that are about one of these.
    private static func statements(_ documents: [[UInt8]], of subjects: [Digest]) -> [Provenance] {
        documents.compactMap { Provenance(statement: $0) }.filter { subjects.contains($0.subject) }
    }

    private func attachments(to digest: Digest) async throws -> [[UInt8]] {
        switch self {
        case .bucket(let store, _): return try await store.attachments(to: digest)
        case .registry(let reader):
            var documents: [[UInt8]] = []
            for entry in try await reader.referrers(of: digest)
            where entry.artifactType == nil || entry.artifactType == Provenance.mediaType {
                let carrier = try CanonicalJSON.decode(ImageManifest.self, from: try await manifest(entry.digest))
                for layer in carrier.layers where layer.mediaType == Provenance.mediaType {
                    documents.append(try await blob(layer.digest))
                }
            }
            return documents
        }
    }

    private func manifest(_ digest: Digest) async throws -> [UInt8] {
        guard case .registry(let reader) = self else { return try await blob(digest) }
        return try Self.checked(try await reader.manifest(digest), digest)
    }

    private func blob(_ digest: Digest) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        func take(_ chunk: [UInt8]) throws {
            bytes += chunk
            guard bytes.count <= Self.documentLimit else {
                throw UserError(.pullFailed, "the document \(digest) is larger than 8 MiB")
            }
        }
        switch self {
        case .registry(let reader): try await reader.download(digest) { try take($0) }
        case .bucket(let store, _): try await store.download(blob: digest) { try take($0) }
        }
        return try Self.checked(bytes, digest)
    }

    private static func checked(_ bytes: [UInt8], _ digest: Digest) throws(UserError) -> [UInt8] {
        guard Digest.sha256(of: bytes) == digest else {
            throw UserError(
                .pullFailed, "what the registry has under \(digest) is something else",
                hint: "git push -o no-cache  uploads the artifact again")
        }
        return bytes
    }
}
