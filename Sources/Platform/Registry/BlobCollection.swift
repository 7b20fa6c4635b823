internal import Artifacts
internal import FoundationEssentials

/// Removes what the registry holds and no kept release, no tag and no recent upload needs.
///
/// For a time at which nobody uploads: a blob that is removed between a client's look and its manifest is missed.
struct BlobCollection: Sendable {
    /// How long what was uploaded waits for its deployment.
    static let patience = 7 * 86400.0

    let ledger: Ledger
    let blobs: BlobStore

    /// - Parameter artifacts: the kept releases' artifacts: manifests, image indexes, or ZIPs.
    func run(keeping artifacts: Set<Digest>) async throws {
        let names = try await ledger.manifestNames()
        let blobs = blobs
        let roots = artifacts.union(
            names.filter { !$0.name.hasPrefix("sha256:") }.compactMap { Digest($0.digest) })
        let removed = try await Blocking.run {
            let recent = names.compactMap { Digest($0.digest) }.filter { !Self.isOld($0, in: blobs) }
            let used = Self.closure(of: Array(roots.union(recent)), in: blobs)
            let unused = blobs.all().filter { !used.contains($0) && Self.isOld($0, in: blobs) }
            for digest in unused { blobs.remove(digest) }
            return Set(unused.map(\.description))
        }
        try await ledger.removeManifests(removed.intersection(names.map(\.digest)))
    }

    /// Manifests with all that they name.
    private static func closure(of manifests: [Digest], in blobs: BlobStore) -> Set<Digest> {
        var found = Set(manifests)
        var waiting = manifests
        while let next = waiting.popLast() {
            guard let bytes = blobs.load(next) else { continue }
            if let index = try? CanonicalJSON.decode(ImageIndex.self, from: bytes), !index.manifests.isEmpty {
                waiting += index.manifests.map(\.digest).filter { found.insert($0).inserted }
            } else if let image = try? CanonicalJSON.decode(ImageManifest.self, from: bytes) {
                found.formUnion(([image.config] + image.layers).map(\.digest))
            }
        }
        return found
    }

    private static func isOld(_ digest: Digest, in blobs: BlobStore) -> Bool {
        let facts = try? FileManager.default.attributesOfItem(atPath: blobs.path(of: digest))
        guard let written = facts?[.modificationDate] as? Date else { return false }
        return written < Date(timeIntervalSinceNow: -patience)
    }
}
