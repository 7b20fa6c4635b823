import Artifacts
import HTTPTransport
@testable import Platform
import PlatformAPI
import Testing

@Suite("The registry's files: after a power cut")
struct DamagedBlobTests {
    private let folder: TemporaryFolder
    private let blobs: BlobStore
    private let folders: ReleaseFolders
    private let image: SampleImage

    init() throws {
        folder = try TemporaryFolder()
        blobs = try BlobStore(folder: folder.path + "/registry")
        folders = ReleaseFolders(folder: folder.path, blobs: blobs)
        image = try SampleImage()
        for blob in [image.configuration, image.layer, image.manifest] { _ = try blobs.store(blob) }
    }

    private func unpack() async throws -> UnpackedRelease {
        let puller = ArtifactPuller(blobs: blobs, environment: [:], reach: .anywhere)
        let artifact = try await puller.pull(
            .init(kind: "image", reference: "acme/api@\(image.digest)"), of: AppID(user: "acme", app: "api"))
        return try await folders.unpack(artifact, for: "dpl_1")
    }

    @Test("A whole image is unpacked, and a blob that is whole is never taken for damaged")
    func whole() async throws {
        let release = try await unpack()
        #expect(names(in: release.folder) == ["app"])
        #expect(!blobs.removeIfDamaged(image.digest))
        #expect(!blobs.removeIfDamaged(Digest.sha256(of: Array("not here".utf8))))
    }

    @Test("A blob that is not what its name says is gone after the first use, so that it is uploaded again")
    func damaged() async throws {
        let parts = [image.configuration, image.layer, image.manifest]
        for part in parts {
            let digest = Digest.sha256(of: part)
            try folder.write("".utf8, to: "registry/blobs/\(digest.hex)")
            await #expect(throws: (any Error).self) {
                _ = try await unpack()
            }
            #expect(blobs.size(of: digest) == nil)
            for other in parts where other != part { #expect(blobs.size(of: Digest.sha256(of: other)) != nil) }
            _ = try blobs.store(part)
        }
        #expect(names(in: folder.path) == ["registry"])
        _ = try await unpack()
    }

    @Test("A damaged manifest is stored again though something lies under its name")
    func storedAgain() throws {
        try folder.write("".utf8, to: "registry/blobs/\(image.digest.hex)")
        #expect(try blobs.store(image.manifest) == image.digest)
        #expect(blobs.load(image.digest) == image.manifest)
    }
}
