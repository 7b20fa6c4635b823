package import Artifacts
internal import HTTPTransport

/// What refers to an artifact without being part of it, such as its provenance (distribution-spec, "Referrers").
///
/// A registry without the API keeps the list under a tag that is made from the digest.
extension RegistryClient {
    package func attach(_ document: [UInt8], type: String, named name: String, to artifact: Artifact) async throws {
        let subject = Descriptor(mediaType: MediaType.imageManifest, content: artifact.manifest)
        _ = try await attach(document, type: type, named: name, to: subject)
    }

    /// Uploads a document that refers to an artifact in the same repository.
    ///
    /// - Parameter name: the file that `oras pull` writes the document to.
    /// - Returns: the digest of the manifest that carries it.
    package func attach(
        _ document: [UInt8], type: String, named name: String = "document.json", to subject: Descriptor,
        annotations: [String: String]? = nil
    ) async throws -> Digest {
        let upload = BlobUpload(session, sources: [], policy: policy)
        let empty = Array("{}".utf8)
        var layer = Descriptor(mediaType: type, content: document)
        layer.annotations = ["org.opencontainers.image.title": name]
        let manifest = ImageManifest(
            artifactType: type, config: Descriptor(mediaType: MediaType.empty, content: empty), layers: [layer],
            annotations: annotations, subject: subject)
        let bytes = try CanonicalJSON.encode(manifest)
        for (descriptor, content) in [(manifest.config, empty), (layer, document)] {
            if try await !upload.contains(descriptor.digest) { try await upload.put(descriptor) { .bytes(content) } }
        }
        let digest = Digest.sha256(of: bytes)
        let manifests = ManifestUpload(session, policy: policy)
        let reply = try await manifests.put(bytes, MediaType.imageManifest, under: digest.description)
        // A registry that knows referrers says so; for another the list is ours to keep.
        if reply.header("OCI-Subject") == nil {
            var entry = Descriptor(mediaType: MediaType.imageManifest, content: bytes)
            entry.artifactType = type
            entry.annotations = annotations
            try await list(entry, under: subject.digest, manifests)
        }
        return digest
    }

    /// The manifests that refer to an artifact.
    package func referrers(of digest: Digest) async throws -> [Descriptor] {
        try await session.referrers(of: digest)
    }

    /// Adds to the list under the tag; nothing locks it, so it is read again until the entry is seen to be there.
    private func list(_ entry: Descriptor, under digest: Digest, _ manifests: ManifestUpload) async throws {
        for attempt in 1...5 {
            var entries = try await session.taggedReferrers(of: digest)?.manifests ?? []
            if entries.contains(where: { $0.digest == entry.digest }) { return }
            entries.append(entry)
            entries.sort { $0.digest.hex < $1.digest.hex }
            let bytes = try CanonicalJSON.encode(ImageIndex(manifests: entries))
            _ = try await manifests.put(bytes, MediaType.imageIndex, under: RegistrySession.referrersTag(digest))
            try await Task.sleep(for: policy.delay(after: attempt, asked: nil))
        }
        guard
            try await session.taggedReferrers(of: digest)?.manifests.contains(where: { $0.digest == entry.digest })
                == true
        else {
            throw RegistryError.refused(
                host: session.endpoint.host, status: 409, message: "others keep changing the list of referrers")
        }
    }
}

extension RegistrySession {
    /// The manifests that refer to an artifact, by the API or else by the tag.
    func referrers(of digest: Digest) async throws -> [Descriptor] {
        let reply = try await read("GET", "referrers/\(digest)", accept: MediaType.imageIndex)
        if reply.status == 200, let index = try? CanonicalJSON.decode(ImageIndex.self, from: reply.body) {
            return index.manifests
        }
        return try await taggedReferrers(of: digest)?.manifests ?? []
    }

    fileprivate static func referrersTag(_ digest: Digest) -> String { "sha256-\(digest.hex)" }

    fileprivate func taggedReferrers(of digest: Digest) async throws -> ImageIndex? {
        let reply = try await read("GET", "manifests/\(Self.referrersTag(digest))", accept: MediaType.imageIndex)
        if reply.status == 404 { return nil }
        guard reply.status == 200, let index = try? CanonicalJSON.decode(ImageIndex.self, from: reply.body) else {
            throw await error(reply)
        }
        return index
    }
}
