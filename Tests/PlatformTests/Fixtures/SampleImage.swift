import Artifacts
import PlatformAPI
import Testing

/// An image of one layer that holds one file, with the host's own system below it.
struct SampleImage: Sendable {
    let manifest: [UInt8]
    let digest: Digest
    let configuration: [UInt8]
    let layer: [UInt8]

    /// - Parameter text: the content of the file `app/hello`; another text makes another image.
    init(_ text: String = "hello") throws {
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
        let artifact = try Artifact(
            configuration: ImageConfiguration(
                platform: .init(os: "linux", architecture: "amd64"), config: execution, diffIDs: [written.diffID]),
            layers: [.init(descriptor: written.descriptor, source: .file(""))])
        manifest = artifact.manifest
        digest = artifact.digest
        configuration = artifact.configuration
        layer = file.bytes
    }

    private final class Collected {
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
