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
        _ artifact: Artifact, after taken: TakenLayers, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> UploadSummary {
        var taken = taken
        if taken.present == nil { taken.present = await knownBlobs() }
        do {
            return try await upload(artifact, onTopOf: taken, progress: progress)
        } catch RegistryError.blobsMissing where taken.present?.isEmpty == false {
            // A registry may keep a manifest longer than its blobs.
            var nothing = TakenLayers()
            nothing.present = []
            return try await upload(artifact, onTopOf: nothing, progress: progress)
        }
    }

    private func upload(
        _ artifact: Artifact, onTopOf taken: TakenLayers, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> UploadSummary {
        var taken = taken
        let known = taken.present ?? []
        let blobs = artifact.distinctLayers.filter { !known.contains($0.descriptor.digest) }
        let sources = Set(blobs.compactMap(mountSource)).sorted()
        let upload = BlobUpload(session, sources: sources, policy: policy)
        let all = artifact.distinctLayers.count
        var done = all - blobs.count
        progress(done, all)
        let rest = AsyncStream { continuation in
            for layer in blobs { continuation.yield(layer) }
            continuation.finish()
        }
        try await send(rest, upload, &taken) {
            done += 1
            progress(done, all)
        }
        let configuration = artifact.configurationDescriptor
        if !known.contains(configuration.digest), try await !upload.contains(configuration.digest) {
            try await upload.put(configuration) { .bytes(artifact.configuration) }
        }
        try await ManifestUpload(session, policy: policy).put(artifact, tags: tags)
        memory?.remember(artifact.digest, for: key)
        return UploadSummary(
            sentLayers: taken.sentLayers, layers: artifact.layers.count, sentBytes: taken.sentBytes)
    }

    package func take(_ layers: AsyncStream<Artifact.Layer>) async throws -> TakenLayers {
        var taken = TakenLayers()
        try await send(layers, BlobUpload(session, sources: [], policy: policy), &taken) {}
        return taken
    }

    /// Sends layers as they come, as many at a time as the registry bears.
    private func send(
        _ layers: AsyncStream<Artifact.Layer>, _ upload: BlobUpload, _ taken: inout TakenLayers, onDone: () -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: (Digest, Int64?).self) { group in
            var running = 0
            for await layer in layers {
                let digest = layer.descriptor.digest
                if taken.present == nil { taken.present = await knownBlobs() }
                if taken.present?.contains(digest) == true { continue }
                while running >= upload.lanes, let (digest, sent) = try await group.next() {
                    running -= 1
                    taken.note(digest, sent: sent)
                    onDone()
                }
                group.addTask { (digest, try await send(layer, upload)) }
                running += 1
            }
            while let (digest, sent) = try await group.next() {
                taken.note(digest, sent: sent)
                onDone()
            }
        }
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
        if upload.isWorthAsking, try await upload.contains(layer.descriptor.digest) { return nil }
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
