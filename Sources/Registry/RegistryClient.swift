package import Artifacts
package import HTTPTransport

/// A repository of an OCI registry (distribution-spec 1.1): blobs at most four at a time, the manifest last.
///
/// What is there already is not sent, what the last manifest listed is not even asked for, and what another repository
/// of the same registry holds is taken over from there.
package struct RegistryClient: ArtifactStore {
    let session: RegistrySession
    private let name: String
    private let tags: [String]
    private let memory: UploadMemory?
    let policy: RetryPolicy

    /// The registry of a platform, which takes bim's own token.
    ///
    /// - Parameters:
    ///   - baseURL: scheme, host and port, without a path.
    ///   - repository: the name below `/v2/`.
    ///   - token: sent as a bearer token when it is not nil.
    package init(
        baseURL: String, repository: String, token: String?, transport: HTTPTransport, memory: UploadMemory? = nil
    ) {
        session = RegistrySession(
            RegistryEndpoint(baseURL: baseURL), repository: repository, transport: transport,
            authorization: .fixed(token.map { "Bearer \($0)" }))
        name = repository
        tags = []
        self.memory = memory
        policy = .standard
    }

    /// Any registry; credentials are looked for where users of docker and podman keep them.
    ///
    /// - Parameters:
    ///   - reference: host and repository; what stands behind `:` or `@` has no meaning here.
    ///   - environment: the user's variables.
    ///   - tags: names that point to the artifact in the end, besides its digest.
    ///   - warn: told what is odd and no reason to stop.
    package init(
        _ reference: ImageReference, environment: [String: String], transport: HTTPTransport, tags: [String] = [],
        memory: UploadMemory? = nil, policy: RetryPolicy = .standard,
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        session = RegistrySession(reference, environment: environment, transport: transport, warn: warn)
        name = "\(reference.host)/\(reference.repository)"
        self.tags = tags
        self.memory = memory
        self.policy = policy
    }

    package func reference(to digest: Digest) -> String { "\(name)@\(digest)" }

    package func contains(_ digest: Digest) async throws -> Bool {
        let reply = try await session.read("HEAD", "manifests/\(digest)", accept: MediaType.imageManifest)
        if reply.status == 200 { return true }
        if reply.status == 404 { return false }
        throw await session.error(reply)
    }

    package func upload(
        _ artifact: Artifact, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> UploadSummary {
        let known = await knownBlobs()
        do {
            return try await upload(artifact, except: known, progress: progress)
        } catch RegistryError.blobsMissing where !known.isEmpty {
            // A registry may keep a manifest longer than its blobs.
            return try await upload(artifact, except: [], progress: progress)
        }
    }

    private func upload(
        _ artifact: Artifact, except known: Set<Digest>, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> UploadSummary {
        let blobs = artifact.distinctLayers.filter { !known.contains($0.descriptor.digest) }
        let sources = Set(blobs.compactMap(mountSource)).sorted()
        let upload = BlobUpload(session, sources: sources, policy: policy)
        var summary = UploadSummary(sentLayers: 0, layers: artifact.layers.count, sentBytes: 0)
        let all = artifact.distinctLayers.count
        var done = all - blobs.count
        progress(done, all)
        try await withThrowingTaskGroup(of: Int64?.self) { group in
            var rest = blobs[...]
            var running = 0
            while true {
                while running < upload.lanes, let layer = rest.popFirst() {
                    group.addTask { try await send(layer, upload) }
                    running += 1
                }
                guard let sent = try await group.next() else { return }
                running -= 1
                done += 1
                if let sent {
                    summary.sentLayers += 1
                    summary.sentBytes += sent
                }
                progress(done, all)
            }
        }
        let configuration = artifact.configurationDescriptor
        if !known.contains(configuration.digest), try await !upload.contains(configuration.digest) {
            try await upload.put(configuration) { .bytes(artifact.configuration) }
        }
        try await ManifestUpload(session, policy: policy).put(artifact, tags: tags)
        memory?.remember(artifact.digest, for: key)
        return summary
    }

    private var key: String { "\(session.endpoint.baseURL)/\(session.repository)" }

    /// What the manifest that was uploaded last, or that a tag points to, lists; nothing when it cannot be read.
    private func knownBlobs() async -> Set<Digest> {
        guard let last = memory?.last(key)?.description ?? tags.first,
            let reply = try? await session.read("GET", "manifests/\(last)", accept: MediaType.imageManifest),
            reply.status == 200, let manifest = try? CanonicalJSON.decode(ImageManifest.self, from: reply.body)
        else { return [] }
        return Set(manifest.layers.map(\.digest) + [manifest.config.digest])
    }

    /// The repository of this registry from which a layer can be taken over.
    private func mountSource(_ layer: Artifact.Layer) -> String? {
        guard let origin = layer.origin, origin.host == session.endpoint.host, origin.repository != session.repository
        else { return nil }
        return origin.repository
    }

    /// The bytes sent, or nil when the layer was there.
    private func send(_ layer: Artifact.Layer, _ upload: BlobUpload) async throws -> Int64? {
        if try await upload.contains(layer.descriptor.digest) { return nil }
        if let source = mountSource(layer), try await upload.mount(layer.descriptor.digest, from: source) { return nil }
        try await upload.put(layer.descriptor) { .file(path: try await layer.file(), size: layer.descriptor.size) }
        return layer.descriptor.size
    }
}

extension Artifact {
    /// Equal layers are one blob.
    var distinctLayers: [Layer] {
        var seen: Set<Digest> = []
        return layers.filter { seen.insert($0.descriptor.digest).inserted }
    }
}
