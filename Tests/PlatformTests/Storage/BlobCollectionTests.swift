import Artifacts
import Foundation
@testable import Platform
import Testing

@Suite("The registry: what nobody needs goes")
struct BlobCollectionTests {
    private let folder: TemporaryFolder
    private let ledger: Ledger
    private let blobs: BlobStore

    init() throws {
        folder = try TemporaryFolder()
        ledger = try Ledger(path: folder.path + "/ledger.sqlite")
        blobs = try BlobStore(folder: folder.path + "/registry")
    }

    /// Stores an image under its digest, and under a tag.
    private func store(_ image: SampleImage, tag: String? = nil) async throws {
        for blob in [image.configuration, image.layer, image.manifest] { _ = try blobs.store(blob) }
        for name in [image.digest.description, tag].compactMap({ $0 }) {
            try await ledger.setTag(
                name, in: "acme/api", digest: image.digest.description, mediaType: MediaType.imageManifest)
        }
    }

    private func age() throws {
        let old = Date(timeIntervalSinceNow: -BlobCollection.patience - 60)
        for digest in blobs.all() {
            try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: blobs.path(of: digest))
        }
    }

    private func isWhole(_ image: SampleImage) -> Bool {
        [image.configuration, image.layer, image.manifest].allSatisfy { blobs.size(of: Digest.sha256(of: $0)) != nil }
    }

    @Test("Kept releases, tags and recent uploads stay whole; the rest goes with its manifest's name")
    func collects() async throws {
        let (kept, tagged, unused, recent) = (
            try SampleImage("kept"), try SampleImage("tagged"), try SampleImage("unused"), try SampleImage("recent")
        )
        for image in [kept, unused] { try await store(image) }
        try await store(tagged, tag: "v1")
        _ = try blobs.store(Array("an upload that no manifest ever named".utf8))
        try age()
        try await store(recent)

        try await BlobCollection(ledger: ledger, blobs: blobs).run(keeping: [kept.digest])
        for image in [kept, tagged, recent] { #expect(isWhole(image)) }
        #expect(blobs.size(of: unused.digest) == nil)
        #expect(blobs.size(of: Digest.sha256(of: unused.layer)) == nil)
        #expect(Set(blobs.all()).count == 3 * 3, "\(blobs.all())")
        #expect(
            try await Set(ledger.manifestNames().map(\.name)) == [
                "v1", kept.digest.description, tagged.digest.description, recent.digest.description,
            ])
    }

    @Test("What an index names stays with it")
    func index() async throws {
        let image = try SampleImage()
        try await store(image)
        let index = try CanonicalJSON.encode(
            ImageIndex(manifests: [
                Descriptor(
                    mediaType: MediaType.imageManifest, digest: image.digest, size: Int64(image.manifest.count))
            ]))
        let digest = try blobs.store(index)
        try await ledger.setTag("v1", in: "acme/api", digest: digest.description, mediaType: MediaType.imageIndex)
        try age()
        try await BlobCollection(ledger: ledger, blobs: blobs).run(keeping: [])
        #expect(isWhole(image))
        #expect(blobs.size(of: digest) != nil)
    }
}
