internal import Artifacts
internal import HTTPTransport
internal import PlatformAPI
internal import Registry

/// The pulling of one artifact: its documents first, then the layers that are missing, a few at a time.
struct PullWork: Sendable {
    private static let parallelDownloads = 4

    let blobs: BlobStore
    /// What errors call the artifact.
    let reference: String
    /// Nil when everything must be here already.
    let source: (any ArtifactSource)?

    /// Reads, or fetches, what says of what the artifact consists.
    ///
    /// - Throws: `PullFailure.wrongPlatform` for an image that runs elsewhere.
    func documents(_ location: ArtifactLocation) async throws -> StoredArtifact {
        if case .zipObject(_, let digest) = location { return try await zip(digest) }
        var parts = [location.digest]
        var bytes = try await document(location.digest, isManifest: true)
        if let index = try? CanonicalJSON.decode(ImageIndex.self, from: bytes), !index.manifests.isEmpty {
            guard let found = index.manifest(for: Self.platform) else {
                let offered = index.manifests.compactMap { $0.platform.map { "\($0.os)/\($0.architecture)" } }
                throw PullFailure.wrongPlatform(offered: offered.filter { $0 != "unknown/unknown" })
            }
            parts.append(found.digest)
            bytes = try await document(found.digest, isManifest: true)
        }
        guard let manifest = try? CanonicalJSON.decode(ImageManifest.self, from: bytes) else {
            throw PullFailure.unusable("its manifest is not an image manifest")
        }
        parts += [manifest.config.digest] + manifest.layers.map(\.digest)
        // Each alone first, so that the sum of sizes that somebody has made up does not overflow.
        for part in [manifest.config] + manifest.layers { try Self.requireSize(part.size) }
        var size: Int64 = 0
        for part in [manifest.config] + manifest.layers {
            size += part.size
            try Self.requireSize(size)
        }
        if manifest.artifactType == MediaType.zipApp {
            guard manifest.layers.count == 1, manifest.layers[0].mediaType == MediaType.zip else {
                throw PullFailure.unusable("its manifest names no ZIP")
            }
            return StoredArtifact(content: .zip(manifest.layers[0]), parts: parts)
        }
        return StoredArtifact(content: .image(manifest, try await configuration(manifest)), parts: parts)
    }

    private static let platform = Platform(os: "linux", architecture: Architecture.current)

    private func configuration(_ manifest: ImageManifest) async throws -> ImageConfiguration {
        if let other = manifest.layers.first(where: { !MediaType.isLayer($0.mediaType) }) {
            throw PullFailure.unusable("'\(other.mediaType)' is no type of an image's layer")
        }
        let bytes = try await document(manifest.config.digest, isManifest: false)
        guard let configuration = try? CanonicalJSON.decode(ImageConfiguration.self, from: bytes) else {
            throw PullFailure.unusable("its image configuration is not JSON")
        }
        guard configuration.os == Self.platform.os, configuration.architecture == Self.platform.architecture else {
            throw PullFailure.wrongPlatform(offered: ["\(configuration.os)/\(configuration.architecture)"])
        }
        guard manifest.layers.count == configuration.rootfs.diffIDs.count else {
            throw PullFailure.unusable("its manifest and its configuration list different layers")
        }
        return configuration
    }

    /// A ZIP that has no manifest: its size is known when it is here.
    private func zip(_ digest: Digest) async throws -> StoredArtifact {
        if blobs.size(of: digest) == nil {
            try await fetch(digest, atMost: Limits.artifactBytes, else: .tooLarge(Limits.artifactBytes + 1)) { _ in }
        }
        let size = blobs.size(of: digest) ?? 0
        return StoredArtifact(
            content: .zip(Descriptor(mediaType: MediaType.zip, digest: digest, size: size)), parts: [digest])
    }

    /// A small part, from here when what lies here is whole, else from where the artifact comes from.
    private func document(_ digest: Digest, isManifest: Bool) async throws -> [UInt8] {
        if let bytes = blobs.load(digest), Digest.sha256(of: bytes) == digest { return bytes }
        blobs.removeIfDamaged(digest)
        guard let source else { throw PullFailure.notInRegistry(reference) }
        let bytes = isManifest ? try await source.manifest(digest) : try await source.document(digest)
        guard Digest.sha256(of: bytes) == digest else { throw PullFailure.damaged(digest) }
        _ = try await Blocking.run { [blobs] in try blobs.store(bytes) }
        return bytes
    }

    private static func requireSize(_ size: Int64) throws {
        guard (0...Limits.artifactBytes).contains(size) else { throw PullFailure.tooLarge(size) }
    }
}

/// The large parts.
extension PullWork {
    /// Fetches the layers that are not here in the size that they should have.
    func layers(of artifact: StoredArtifact, _ progress: @escaping @Sendable (String) async -> Void) async throws {
        let missing = artifact.layers.filter { blobs.size(of: $0.digest) != $0.size }
        for layer in missing { blobs.removeIfDamaged(layer.digest) }
        if let first = missing.first, source == nil { throw PullFailure.notInRegistry(first.digest.description) }
        let count = PullProgress(layers: missing.count, bytes: missing.reduce(0) { $0 + $1.size })
        try await withThrowingTaskGroup(of: Void.self) { group in
            var rest = missing[...]
            func add() {
                guard let layer = rest.popFirst() else { return }
                group.addTask {
                    try await fetch(layer.digest, atMost: layer.size, else: .damaged(layer.digest)) { bytes in
                        if let text = count.add(bytes: bytes) { await progress(text) }
                    }
                    if let text = count.addLayer() { await progress(text) }
                }
            }
            for _ in 0..<Self.parallelDownloads { add() }
            while try await group.next() != nil { add() }
        }
    }

    /// Fetches a blob to its place, checked against its digest; nothing of it stays when that fails.
    ///
    /// - Parameter told: hears how many bytes came, and takes them back with a negative number before another try.
    private func fetch(
        _ digest: Digest, atMost limit: Int64, else failure: PullFailure, _ told: (Int) async -> Void
    ) async throws {
        for attempt in 1... {
            var received: Int64 = 0
            let upload = try blobs.beginUpload()
            do {
                guard let source else { throw PullFailure.notInRegistry(reference) }
                try await source.download(digest) { chunk in
                    received += Int64(chunk.count)
                    guard received <= limit else { throw failure }
                    try chunk.withUnsafeBytes { try blobs.append($0, to: upload) }
                    await told(chunk.count)
                }
                return try await Blocking.run { [blobs] in try blobs.finish(upload, as: digest) }
            } catch {
                blobs.cancel(upload)
                if case .digestMismatch? = error as? BlobStore.Failure { throw PullFailure.damaged(digest) }
                guard attempt < Self.attempts, Self.isTransient(error) else { throw error }
                await told(-Int(received))
                try await Task.sleep(for: RetryPolicy.standard.delay(after: attempt, asked: nil))
            }
        }
    }

    private static let attempts = 3

    /// Whether the same request may succeed a moment later.
    private static func isTransient(_ error: any Error) -> Bool {
        switch error {
        case RegistryError.unreachable, S3Error.unreachable, PullFailure.unreachable: true
        case RegistryError.refused(_, let status, _), S3Error.refused(_, let status, _, _),
            PullFailure.refused(_, let status):
            RetryPolicy.isTransient(status)
        default: false
        }
    }
}

extension StoredArtifact {
    /// The large parts, each once.
    fileprivate var layers: [Descriptor] {
        switch content {
        case .image(let manifest, _):
            var seen: Set<Digest> = []
            return manifest.layers.filter { seen.insert($0.digest).inserted }
        case .zip(let descriptor): return [descriptor]
        }
    }
}
