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
    /// The label by which the own builder says that an image has no system of its own.
    static let systemLabel = "im.backend.system"

    let folder: String
    let blobs: BlobStore

    func path(of deployment: String) -> String { "\(folder)/\(deployment)" }

    /// Whether the deployment's artifact lies unpacked from before.
    func isUnpacked(_ deployment: String) -> Bool { access(path(of: deployment), F_OK) == 0 }

    /// Unpacks the artifact for a deployment; what lies there already from before is used as it is.
    ///
    /// - Throws: what the unpacking met; damaged blobs are gone from the store then.
    func unpack(_ artifact: StoredArtifact, for deployment: String) async throws -> UnpackedRelease {
        try await Blocking.run { try unpackNow(artifact, for: deployment) }
    }

    private func unpackNow(_ artifact: StoredArtifact, for deployment: String) throws -> UnpackedRelease {
        let final = path(of: deployment)
        if !isUnpacked(deployment) {
            do {
                try unpackParts(of: artifact, to: final)
            } catch {
                for digest in artifact.parts { blobs.removeIfDamaged(digest) }
                throw error
            }
        }
        switch artifact.content {
        case .image(_, let configuration):
            return UnpackedRelease(
                folder: final, configuration: configuration,
                hasOwnSystem: configuration.config?.labels?[Self.systemLabel] != "host")
        case .zip:
            // It brings files alone: what runs of them the request says, and on which system is the platform's choice.
            return UnpackedRelease(
                folder: final,
                configuration: ImageConfiguration(
                    platform: .init(os: "linux", architecture: Architecture.current), diffIDs: []),
                hasOwnSystem: false)
        }
    }

    private func unpackParts(of artifact: StoredArtifact, to final: String) throws {
        let partial = final + ".partial"
        FolderContents.removeAll(partial)
        guard FolderContents.make(partial) else { throw PullFailure.unusable("'\(folder)' cannot be written") }
        do {
            switch artifact.content {
            case .image(let manifest, let configuration):
                let layers = zip(manifest.layers, configuration.rootfs.diffIDs).map {
                    LayerUnpacker.Layer(file: blobs.path(of: $0.digest), descriptor: $0, diffID: $1)
                }
                try LayerUnpacker().unpack(layers, into: partial)
            case .zip(let file):
                try ZipUnpacker().unpack(blobs.path(of: file.digest), file, into: partial)
            }
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
