import Artifacts
import Diagnostics
import Foundation
@testable import Platform
import PlatformAPI
import ProcessRunner
import Registry
import Testing

extension ServerTests {
    @Suite("Artifacts in S3", .enabled("moto is not installed") { await BucketPeer.mayRun })
    struct ObjectTests {
        private let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
        }

        private func artifacts() throws -> [(kind: String, text: String, artifact: Artifact)] {
            [
                ("zip", "a ZIP in S3", try SampleZip.artifact("a ZIP in S3", in: folder)),
                ("image", "an image in S3", try SampleImage("an image in S3").artifact(in: folder)),
            ]
        }

        /// Deploys each artifact to an environment of its own and returns what its release command printed.
        private func deploy(
            _ artifact: DeploymentRequest.Artifact, to name: String, of app: DeployableApp
        ) async throws -> (deployment: Deployment, printed: [String]) {
            var request = app.request(environment: name, ref: "refs/heads/\(name)", releaseCommand: "cat hello")
            request.artifact = artifact
            let deployment = try await app.deploy(request)
            let events = try await app.allEvents(of: deployment.id)
            return (deployment, events.filter { $0.type == .log }.map(\.message))
        }

        @Test("ZIPs and images are fetched with the platform's own key, and run")
        func ownKey() async throws {
            try await BucketPeer.run { bucket in
                let store = try bucket.store()
                try await withPlatform(bucket.key) { platform in
                    let app = try await DeployableApp(on: platform)
                    for (kind, text, artifact) in try artifacts() {
                        _ = try await store.upload(artifact) { _, _ in }
                        let (deployment, printed) = try await deploy(
                            .init(kind: kind, reference: store.reference(to: artifact)), to: "with-\(kind)", of: app)
                        #expect(deployment.status == .healthy, "\(String(describing: deployment.failure))")
                        #expect(printed == [text])
                    }
                    let hex = String(repeating: "0", count: 64)
                    let (missing, _) = try await deploy(
                        .init(kind: "zip", reference: "s3://acme/prefix/api/\(hex).zip"), to: "missing", of: app)
                    #expect(missing.failure?.code == .pullFailed)
                    #expect(
                        missing.failure?.message == "there is no 'prefix/api/\(hex).zip' in the bucket 'acme'")
                }
            }
        }

        @Test("Presigned URLs take the place of a key; no answer, event, log or record has them")
        func presigned() async throws {
            try await BucketPeer.run { bucket in
                let store = try bucket.store()
                try await withPlatform(["AWS_EC2_METADATA_DISABLED": "true"]) { platform in
                    let app = try await DeployableApp(on: platform)
                    for (kind, text, artifact) in try artifacts() {
                        _ = try await store.upload(artifact) { _, _ in }
                        let reference = store.reference(to: artifact)
                        let without = try await deploy(.init(kind: kind, reference: reference), to: "no-key", of: app)
                        #expect(
                            without.deployment.failure?.message.hasPrefix("the platform has no credentials for S3")
                                == true)

                        let urls = try await store.presignedURLs(for: artifact, seconds: 60)
                        let (deployment, printed) = try await deploy(
                            .init(kind: kind, reference: reference, urls: urls), to: "with-\(kind)", of: app)
                        #expect(deployment.status == .healthy, "\(String(describing: deployment.failure))")
                        #expect(deployment.artifact.urls == nil)
                        #expect(printed == [text])
                    }
                    let hex = String(repeating: "0", count: 64)
                    let gone = "\(bucket.endpoint)/acme/gone?X-Amz-Signature=1"
                    let (refused, _) = try await deploy(
                        .init(
                            kind: "zip", reference: "s3://acme/prefix/api/\(hex).zip", urls: ["sha256:\(hex)": gone]),
                        to: "refused", of: app)
                    #expect(
                        refused.failure?.message == "'127.0.0.1' answers the presigned URL with status 404")
                    for deployment in try await app.deployments("?limit=100") {
                        let events = try await platform.send(
                            "GET", "\(platform.path)/deployments/\(deployment.id)/events")
                        #expect(!events.text.contains("X-Amz"))
                    }
                    try await expectNothing(of: "X-Amz-", in: platform.home.folder)
                }
            }
        }

        /// Looks through all that the platform has written; whatever deployed it, the ledger has its reference.
        private func expectNothing(of secret: String, in place: String) async throws {
            for (word, isThere) in [(secret, false), ("s3://acme/prefix/api", true)] {
                let search = try await Command(
                    "grep", ["-r", "-l", "-a", "-F", word, place], environment: TestPlatform.environment
                ).capture(deadline: .seconds(60))
                #expect(search.status.isSuccess == isThere, "\(word): \(search.text)")
            }
        }

        @Test("What is not what its digest says is not run")
        func damaged() async throws {
            try await BucketPeer.run { bucket in
                let store = try bucket.store()
                try await withPlatform(bucket.key) { platform in
                    let app = try await DeployableApp(on: platform)
                    let artifact = try SampleZip.artifact(in: folder)
                    _ = try await store.upload(artifact) { _, _ in }
                    let digest = try #require(artifact.zip).descriptor.digest
                    let other = try Data(
                        contentsOf: URL(
                            fileURLWithPath: try await SampleZip.artifact("another", in: folder).layers[0].file()))
                    try await bucket.put(Array(other), at: "prefix/api/\(digest.hex).zip")
                    let (deployment, _) = try await deploy(
                        .init(kind: "zip", reference: store.reference(to: artifact)), to: "damaged", of: app)
                    #expect(deployment.failure?.code == .pullFailed)
                    #expect(
                        deployment.failure?.message == "'prefix/api/\(digest.hex).zip' is not what its digest says")
                    #expect(names(in: platform.home.registry + "/blobs").contains(digest.hex) == false)
                }
            }
        }
    }
}
