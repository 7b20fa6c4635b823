internal import Artifacts
internal import ProjectConfig
internal import Workspaces

#if canImport(Glibc)
    internal import Glibc
#endif

/// Takes over an image that another tool has made: its layers packed as bim packs them, its configuration without what
/// differs from one build of the same to the next.
struct ImageImport: Sendable {
    /// What tools write into an image about themselves.
    private static let toolLabels = ["io.buildah.version"]

    let request: BuildRequest
    let cache: LayerCache

    /// Makes the artifact of an image in a tar archive.
    ///
    /// - Throws: `BuildFailure` when it is no image, or one for another platform.
    @concurrent
    func artifact(of file: String) async throws -> (artifact: Artifact, newLayers: Int) {
        let folder = try TemporaryFolder(in: cache.folder)
        let archive: ImageArchive
        do {
            archive = try ImageArchive(file, unpackedTo: folder.path, platform: request.platform)
        } catch let error as ImageArchive.Unusable {
            throw BuildFailure(.unusable(error.description))
        } catch let error as UnpackError {
            throw BuildFailure(.unusable("its archive is damaged: \(error)"))
        }
        let made = archive.configuration
        guard made.os == request.platform.os, made.architecture == request.platform.architecture else {
            throw BuildFailure(.platform(wanted: request.platform, made: "\(made.os)/\(made.architecture)"))
        }
        var layers: [Artifact.Layer] = []
        var newLayers = 0
        for (path, diffID) in zip(archive.layers, made.rootfs.diffIDs) {
            let (entry, isNew) = try layer(path, diffID)
            if isNew { newLayers += 1 }
            layers.append(
                .init(descriptor: entry.descriptor, source: .file(cache.path(of: entry.descriptor.digest))))
        }
        cache.prune()
        withExtendedLifetime(folder) {}
        let artifact = try Artifact(
            configuration: settled(made), layers: layers, annotations: ImageAssembly(request: request).annotations)
        return (artifact, newLayers)
    }

    private func layer(_ path: String, _ diffID: Digest) throws -> (entry: LayerCache.Entry, isNew: Bool) {
        let key = Digest.sha256(of: Array("imported \(request.layerWriter.recipe) \(diffID)".utf8))
        if request.usesCache, let known = cache.entry(for: key), cache.hasFile(known) { return (known, false) }
        let entry: LayerCache.Entry
        do {
            entry = try cache.store(key) { try LayerRepacker(request.layerWriter.compression).repack(path, to: $0) }
        } catch let error as UnpackError {
            throw BuildFailure(.unusable("its layer \(diffID) is damaged: \(error)"))
        }
        guard entry.diffID == diffID else {
            throw BuildFailure(.unusable("its layer \(entry.diffID) should be \(diffID)"))
        }
        return (entry, true)
    }

    /// The configuration with one time for everything, and no word of the tool.
    private func settled(_ made: ImageConfiguration) -> ImageConfiguration {
        var configuration = made
        configuration.created = ImageAssembly(request: request).created
        configuration.author = nil
        configuration.history = made.history.map { .init(createdBy: $0.createdBy, emptyLayer: $0.emptyLayer) }
        var execution = made.config ?? .init()
        var labels = execution.labels ?? [:]
        for name in Self.toolLabels { labels[name] = nil }
        labels.merge(request.image.labels) { $1 }
        execution.labels = labels.isEmpty ? nil : labels
        let own = request.image.environment.sorted { $0.key < $1.key }
        if !own.isEmpty {
            let kept = (execution.environment ?? []).filter { pair in
                !own.contains { pair.hasPrefix("\($0.key)=") }
            }
            execution.environment = kept + own.map { "\($0.key)=\($0.value)" }
        }
        if let entrypoint = request.image.entrypoint {
            execution.entrypoint = entrypoint
            execution.command = nil
        }
        configuration.config = execution
        return configuration
    }
}

/// A folder that is gone, with its files, when this is.
final class TemporaryFolder: Sendable {
    let path: String

    init(in folder: String) throws {
        var template = Array("\(folder)/partial-build-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError(call: "mkdtemp", path: folder, errno: errno) }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { _ = SnapshotSweep.remove(path) }
}
