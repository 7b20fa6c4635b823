import Artifacts
import Diagnostics
import HTTPTransport
@testable import Platform
import PlatformAPI
import Registry
import Testing

@Suite("What the platform fetches, and what it says when it cannot")
struct PullRulesTests {
    @Test("A platform on loopback goes anywhere; one that listens for others only where the operator lets it")
    func reach() {
        #expect(PlatformServer.Options(host: "127.0.0.1").reach == .anywhere)
        #expect(PlatformServer.Options(host: "0.0.0.0").reach == .publicAddresses(besides: []))
        let open = PlatformServer.Options(host: "192.0.2.1", allowedRegistries: ["Registry.internal:5000"])
        #expect(open.reach == .publicAddresses(besides: ["registry.internal:5000"]))
    }

    @Test(
        "A connection to a private address is refused before anything is sent, unless its host is allowed",
        .enabled(if: RegistryPeer.mayRun, "docker-registry is not installed"))
    func egress() async throws {
        try await RegistryPeer.run { registry in
            let folder = try TemporaryFolder()
            let reference = try await registry.upload(try SampleImage().artifact(in: folder))
            func pull(_ reach: Reach) async throws {
                let blobs = try BlobStore(folder: folder.path + "/registry-\(reach.hashValue)")
                let puller = ArtifactPuller(blobs: blobs, environment: ["HOME": folder.path], reach: reach)
                _ = try await puller.pull(
                    .init(kind: "image", reference: reference), of: AppID(user: "acme", app: "api"))
            }
            let error = await #expect(throws: RegistryError.self) { try await pull(.publicAddresses(besides: [])) }
            #expect(error == .privateAddress(host: registry.host))
            await #expect(throws: RegistryError.self) { try await pull(.publicAddresses(besides: ["localhost:1"])) }
            try await pull(.publicAddresses(besides: [registry.host]))
            try await pull(.publicAddresses(besides: ["localhost"]))
            try await pull(.anywhere)
        }
    }

    @Test("A presigned URL that leads to a private network is refused, and is not told")
    func presigned() async throws {
        let folder = try TemporaryFolder()
        let puller = ArtifactPuller(
            blobs: try BlobStore(folder: folder.path + "/registry"), environment: [:],
            reach: .publicAddresses(besides: []))
        let hex = String(repeating: "0", count: 64)
        let peer = LoopbackListener()
        let artifact = DeploymentRequest.Artifact(
            kind: "zip", reference: "s3://bucket/api/\(hex).zip",
            urls: ["sha256:\(hex)": "http://127.0.0.1:\(peer.port)/x?secret"])
        let error = await #expect(throws: PullFailure.self) {
            try await puller.pull(artifact, of: AppID(user: "acme", app: "api"))
        }
        #expect(error == .privateAddress(host: "127.0.0.1"))
        #expect(error?.problem.hint == "its operator may allow it: bim-platform --allow-registry 127.0.0.1")
    }

    @Test("Every failure has a code, a sentence and a thing to do, and none tells a secret")
    func sentences() throws {
        let digest = Digest.sha256(of: [])
        let failures: [PullFailure] = [
            .notInRegistry("acme/api@\(digest)"), .unusable("it is empty"), .wrongPlatform(offered: ["linux/riscv64"]),
            .wrongPlatform(offered: []), .tooLarge(9 << 30), .documentTooLarge(digest), .damaged(digest), .notEncrypted,
            .tookTooLong(.seconds(1800)), .noURL(digest), .refused(host: "b.example", status: 403),
            .unreachable(host: "b.example", detail: "no route"), .privateAddress(host: "b.example"),
        ]
        let registry: [RegistryError] = [
            .unauthorized(host: "r.example", user: nil, source: nil),
            .unauthorized(host: "r.example", user: "dev", source: "/home/dev/auth.json"),
            .tokenRefused(host: "r.example"), .denied(host: "r.example", repository: "x", message: nil),
            .refused(host: "r.example", status: 404, message: "no"),
            .refused(host: "r.example", status: 500, message: "no"), .noSpace(host: "r.example"),
            .unreachable(host: "r.example", detail: "https://cdn.example/?X-Amz-Signature=1"),
            .unreadableLayer(path: "x"), .blobsMissing(host: "r.example", repository: "x"),
            .privateAddress(host: "r.example"),
        ]
        let objects: [S3Error] = [
            .noCredentials("none"), .missing(bucket: "b", key: "k"), .damaged(key: "k"),
            .denied(bucket: "b", source: "/home/dev/key", code: "AccessDenied", message: "/home"),
            .roleRefused(role: "r", source: "/home/dev/key", message: "no"), .signedOff(profile: "dev"),
            .interactive(profile: "dev", why: "wants a code"), .unreachable(bucket: "b", detail: "no route"),
            .refused(bucket: "b", status: 400, code: "InvalidRequest", message: "no"),
        ]
        let unpacking: [UnpackError] = [
            .tooLarge(limit: 1), .sizeMismatch(expected: 1, actual: 2), .unsafePath("../x"), .throughSymlink("x"),
            .damaged("no end"),
        ]
        let errors: [any Error] = failures + registry + objects + unpacking
        for problem in errors.map({ ErrorTranslation.problem(for: $0) }) {
            #expect([.pullFailed, .platformMismatch, .artifactTooLarge].contains(problem.code), "\(problem.detail)")
            #expect(problem.hint?.isEmpty == false, "\(problem.detail)")
            #expect(!problem.detail.contains("Signature") && !problem.detail.contains("/home"), "\(problem.detail)")
        }
        let mismatch = ErrorTranslation.problem(for: PullFailure.wrongPlatform(offered: ["linux/riscv64"]))
        #expect(mismatch.code == .platformMismatch)
        #expect(
            mismatch.detail
                == "the image is for linux/riscv64, and this platform runs linux/\(Architecture.current)")
        #expect(
            ErrorTranslation.problem(for: registry[0]).detail
                == "the registry 'r.example' wants credentials, and the platform has none for it")
    }

    @Test("Progress is told at the first piece and at the last layer")
    func progress() {
        let progress = PullProgress(layers: 2, bytes: 3_000_000)
        #expect(progress.add(bytes: 1_000_000) == "0 of 2 layers, 1.0 MB of 3.0 MB")
        #expect(progress.addLayer() == nil)
        #expect(progress.add(bytes: 2_000_000) == nil)
        #expect(progress.addLayer() == "2 of 2 layers, 3.0 MB of 3.0 MB")
    }
}
