import Artifacts
@testable import Platform
import PlatformAPI
import Testing

/// An image of one layer that holds one file, with the host's own system below it.
struct SampleImage: Sendable {
    let manifest: [UInt8]
    let digest: Digest
    let configuration: [UInt8]
    let layer: [UInt8]
    private let facts: ImageConfiguration
    private let descriptor: Descriptor

    /// - Parameter text: the content of the file `app/hello`; another text makes another image.
    init(_ text: String = "hello", architecture: String = Architecture.current) throws {
        let content = Array(text.utf8)
        let plan = LayerPlan([
            .init(
                path: Array("hello".utf8), kind: .file(executable: false), size: Int64(content.count), content: "hello")
        ])
        let file = Collected()
        let written = try LayerWriter().write(plan, to: { file.bytes += $0 }) { _, deliver in
            try content.withUnsafeBytes(deliver)
        }
        var execution = ImageConfiguration.Execution()
        execution.labels = ["im.backend.system": "host"]
        facts = ImageConfiguration(
            platform: .init(os: "linux", architecture: architecture), config: execution, diffIDs: [written.diffID])
        descriptor = written.descriptor
        let artifact = try Artifact(
            configuration: facts, layers: [.init(descriptor: descriptor, source: .file(""))])
        manifest = artifact.manifest
        digest = artifact.digest
        configuration = artifact.configuration
        layer = file.bytes
    }

    /// The image as what clients upload, with its layer in a file of the folder.
    func artifact(in folder: TemporaryFolder) throws -> Artifact {
        let file = try folder.write(layer, to: "\(digest.hex).layer")
        return try Artifact(configuration: facts, layers: [.init(descriptor: descriptor, source: .file(file))])
    }

    fileprivate final class Collected {
        var bytes: [UInt8] = []
    }
}

extension TestPlatform {
    /// Uploads a blob in one request and returns its digest.
    @discardableResult
    func upload(_ blob: [UInt8]) async throws -> Digest {
        let digest = Digest.sha256(of: blob)
        let answer = try await send("POST", "\(registry)/blobs/uploads/?digest=\(digest)", body: blob)
        try #require(answer.status == 201)
        return digest
    }

    /// Uploads an image with all that belongs to it.
    func upload(_ image: SampleImage, as reference: String? = nil) async throws {
        try await upload(image.configuration)
        try await upload(image.layer)
        let answer = try await send(
            "PUT", "\(registry)/manifests/\(reference ?? image.digest.description)",
            headers: ["Content-Type": MediaType.imageManifest], body: image.manifest)
        try #require(answer.status == 201)
    }
}

/// A ZIP that holds one file, `hello`.
enum SampleZip {
    static func artifact(_ text: String = "hello", in folder: TemporaryFolder) throws -> Artifact {
        let content = Array(text.utf8)
        let plan = LayerPlan([
            .init(
                path: Array("hello".utf8), kind: .file(executable: false), size: Int64(content.count), content: "hello")
        ])
        let collected = SampleImage.Collected()
        let written = try ZipWriter().write(plan, to: { collected.bytes += $0 }) { _, deliver in
            try content.withUnsafeBytes(deliver)
        }
        let file = try folder.write(collected.bytes, to: "\(written.descriptor.digest.hex).zip")
        return try Artifact(zip: .init(descriptor: written.descriptor, source: .file(file)))
    }
}
