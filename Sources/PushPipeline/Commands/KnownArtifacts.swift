internal import Artifacts
internal import PlatformAPI

#if canImport(Glibc)
    internal import Glibc
#endif

/// An artifact that was uploaded, and the commit that it is of.
struct KnownArtifact: Codable, Sendable, Equatable {
    let reference: String
    let commit: String

    /// What stands behind the `@`.
    var digest: Substring { reference.split(separator: "@").last ?? "" }
}

/// What `git bim build` has made in this repository, so that it can be deployed without having been deployed before:
/// `<git common dir>/bim/artifacts`, a file for each.
struct ArtifactMemory: Sendable {
    private let folder: String

    init(commonDirectory: String) { folder = commonDirectory + "/bim/artifacts" }

    /// Takes note; a note that cannot be taken costs another build.
    func remember(_ artifact: KnownArtifact) {
        mkdir(folder.replacing("/artifacts", with: ""), 0o700)
        mkdir(folder, 0o700)
        guard let bytes = try? CanonicalJSON.encode(artifact) else { return }
        let path = "\(folder)/\(artifact.digest.replacing("sha256:", with: "")).json"
        let partial = "\(path).\(getpid()).partial"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if write(descriptor, bytes, bytes.count) == bytes.count { rename(partial, path) } else { unlink(partial) }
    }

    /// All that is known, the newest first.
    func all() -> [KnownArtifact] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var found: [(time: Int, artifact: KnownArtifact)] = []
        while let item = readdir(stream) {
            let name = withUnsafeBytes(of: item.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            var facts = stat()
            guard name.hasSuffix(".json"), stat("\(folder)/\(name)", &facts) == 0,
                let artifact = read("\(folder)/\(name)")
            else { continue }
            found.append((facts.st_mtim.tv_sec, artifact))
        }
        return found.sorted { $0.time > $1.time }.map(\.artifact)
    }

    private func read(_ path: String) -> KnownArtifact? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return try? CanonicalJSON.decode(KnownArtifact.self, from: bytes[..<max(count, 0)])
    }
}
