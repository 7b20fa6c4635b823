internal import Artifacts
internal import Diagnostics
internal import PlatformAPI

#if canImport(Glibc)
    internal import Glibc
#endif

/// An artifact that lies unpacked and ready to start.
struct UnpackedRelease: Sendable {
    let folder: String
    let configuration: ImageConfiguration
    /// Whether the image brings a system of its own, or the platform supplies the host's.
    let hasOwnSystem: Bool
}

/// The unpacked files of releases, one folder per deployment.
struct ReleaseFolders: Sendable {
    /// Why an artifact could not be unpacked.
    enum Failure: Error {
        case notInRegistry(String)
        case unusable(String)
    }

    /// The label by which the own builder says that an image has no system of its own.
    static let systemLabel = "im.backend.system"

    let folder: String
    let blobs: BlobStore

    func path(of deployment: String) -> String { "\(folder)/\(deployment)" }

    /// Unpacks the artifact for a deployment; what lies there already from before is used as it is.
    ///
    /// - Throws: `Failure`, or what the unpacking met; damaged blobs are gone from the registry then.
    func unpack(_ reference: String, for deployment: String) async throws -> UnpackedRelease {
        try await Blocking.run { try unpackNow(reference, for: deployment) }
    }

    private func unpackNow(_ reference: String, for deployment: String) throws -> UnpackedRelease {
        let (digest, manifest) = try manifest(reference)
        guard let bytes = blobs.load(manifest.config.digest),
            let configuration = try? CanonicalJSON.decode(ImageConfiguration.self, from: bytes)
        else {
            blobs.removeIfDamaged(manifest.config.digest)
            throw Failure.unusable("its image configuration is missing or not JSON")
        }
        let final = path(of: deployment)
        if access(final, F_OK) != 0 {
            do {
                try unpackLayers(of: manifest, configuration, to: final)
            } catch {
                for digest in [digest, manifest.config.digest] + manifest.layers.map(\.digest) {
                    blobs.removeIfDamaged(digest)
                }
                throw error
            }
        }
        return UnpackedRelease(
            folder: final, configuration: configuration,
            hasOwnSystem: configuration.config?.labels?[Self.systemLabel] != "host")
    }

    private func manifest(_ reference: String) throws -> (digest: Digest, manifest: ImageManifest) {
        guard let at = reference.lastIndex(of: "@"),
            let digest = Digest(String(reference[reference.index(after: at)...])), let bytes = blobs.load(digest)
        else { throw Failure.notInRegistry(reference) }
        guard let manifest = try? CanonicalJSON.decode(ImageManifest.self, from: bytes) else {
            blobs.removeIfDamaged(digest)
            throw Failure.unusable("its manifest is not an image manifest")
        }
        return (digest, manifest)
    }

    private func unpackLayers(
        of manifest: ImageManifest, _ configuration: ImageConfiguration, to final: String
    ) throws {
        guard manifest.layers.count == configuration.rootfs.diffIDs.count else {
            throw Failure.unusable("its manifest and its configuration list different layers")
        }
        let partial = final + ".partial"
        FolderContents.removeAll(partial)
        guard FolderContents.make(partial) else { throw Failure.unusable("'\(folder)' cannot be written") }
        do {
            for layer in manifest.layers where blobs.size(of: layer.digest) == nil {
                throw Failure.notInRegistry(layer.digest.description)
            }
            let layers = zip(manifest.layers, configuration.rootfs.diffIDs).map {
                LayerUnpacker.Layer(file: blobs.path(of: $0.digest), descriptor: $0, diffID: $1)
            }
            try LayerUnpacker().unpack(layers, into: partial)
        } catch {
            FolderContents.removeAll(partial)
            throw error
        }
        // A folder that is there is taken for whole, also after a power cut.
        guard FolderContents.synchronizeAll(at: partial), rename(partial, final) == 0 else {
            let failure = BlobStore.Failure.fromErrno()
            FolderContents.removeAll(partial)
            throw failure
        }
        FolderContents.synchronize(folder)
    }

    func remove(_ deployments: [String]) async {
        let paths = deployments.map(path(of:))
        try? await Blocking.run { for path in paths { FolderContents.removeAll(path) } }
    }

    /// Removes every folder but those of `kept` deployments, as after a kill.
    func removeAll(except kept: Set<String>) {
        for name in FolderContents.names(in: folder) where !kept.contains(name) {
            FolderContents.removeAll("\(folder)/\(name)")
        }
    }
}
