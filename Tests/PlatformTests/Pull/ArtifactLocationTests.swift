import Artifacts
@testable import Platform
import PlatformAPI
import Registry
import Testing

@Suite("References of artifacts")
struct ArtifactLocationTests {
    private static let hex = String(repeating: "ab", count: 32)
    private static let digest = Digest("sha256:" + hex)

    private func read(_ reference: String) -> ArtifactLocation? {
        ArtifactLocation(
            reference.replacing("DIGEST", with: "sha256:\(Self.hex)").replacing("HEX", with: Self.hex),
            of: AppID(user: "acme", app: "api"))
    }

    @Test("Each form names its place and its digest")
    func forms() throws {
        let digest = try #require(Self.digest)
        let folder = ArtifactLocation.ObjectFolder(place: "s3://bucket/deep/prefix", app: "api")
        #expect(read("acme/api@DIGEST") == .own(digest))
        #expect(
            read("ghcr.io/acme/api@DIGEST")
                == .registry(try #require(ImageReference("ghcr.io/acme/api@\(digest)")), digest))
        #expect(read("localhost:5000/x@DIGEST")?.digest == digest)
        #expect(read("docker.io/library/nginx@DIGEST")?.digest == digest)
        #expect(read("s3://bucket/deep/prefix/api@DIGEST") == .imageObject(folder, digest))
        #expect(read("s3://bucket/deep/prefix/api/HEX.zip") == .zipObject(folder, digest))
        #expect(read("s3://bucket/api/HEX.zip") == .zipObject(.init(place: "s3://bucket", app: "api"), digest))
        #expect(read("s3://bucket/api/HEX.zip")?.mayBe(.image) == false)
        #expect(read("s3://bucket/api@DIGEST")?.mayBe(.zip) == false)
    }

    @Test(
        "What has no digest, no host, or no app is refused",
        arguments: [
            "", "@", "acme/api", "acme/api@sha256:0", "acme/other@DIGEST", "nginx@DIGEST", "ghcr.io/acme/api:latest",
            "ghcr.io/acme/api@sha512:0", "https://ghcr.io/acme/api@DIGEST", "s3://", "s3://bucket/HEX.zip",
            "s3://bucket@DIGEST", "s3://UP/api@DIGEST", "s3://bucket/api/latest.zip", "s3://bucket/api",
        ])
    func refused(_ reference: String) {
        #expect(read(reference) == nil)
    }
}
