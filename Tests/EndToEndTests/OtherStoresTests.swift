import Foundation
import Testing

/// Artifacts that go elsewhere than to the platform's own registry.
struct OtherStoresTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private static let canRun =
        ProcessInfo.processInfo.environment["CI"] == "true"
        || FileManager.default.isExecutableFile(atPath: "/usr/bin/docker-registry")

    private static let hasMoto =
        ProcessInfo.processInfo.environment["CI"] == "true" || ProcessInfo.processInfo.environment["BIM_PEERS"] != nil

    @Test(
        "'registry' in bim.yml sends the image to another registry, from which the platform fetches it by digest",
        .enabled(if: canRun, "docker-registry is not installed"))
    func registry() async throws {
        let host = try await sandbox.startRegistry()
        let project = try await Project(in: sandbox)
        try project.write("bim.yml", "registry: \(host)/acme/api\n")
        let commit = try await project.commitApp(answering: "one")
        let push = try await project.push().success()
        #expect(push.stderr.contains("upload  \(host)/acme/api, 1 of 1 layers, "))
        #expect(try await project.answer() == "one")
        // The image is there under the commit's id, and its provenance refers to it.
        let inspected = try await sandbox.run(
            ["skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(host)/acme/api:\(commit)"]
        ).success().stdout
        #expect(inspected.contains("application/vnd.oci.image.layer.v1.tar+gzip"))
        let tags = try await WebClient.get("http://\(host)/v2/acme/api/tags/list").body
        #expect(tags.contains("sha256-"))

        try await project.commitApp(answering: "two")
        try await project.git("revert --no-edit HEAD").success()
        let again = try await project.push().success()
        #expect(again.stderr.contains("upload  \(host)/acme/api, already there"))
        #expect(try await project.answer() == "one")
    }

    @Test("The user's own setting wins over bim.yml, and what names no registry is refused before anything is built")
    func settings() async throws {
        let project = try await Project(in: sandbox)
        try project.write("bim.yml", "registry: ghcr.io/acme/api\n")
        try await project.commitApp(answering: "one")
        try await project.git("config remote.bim.bimRegistry nonsense").success()
        let push = try await project.push().failure()
        #expect(push.stderr.contains("error: 'nonsense', named by remote.bim.bimRegistry, is no registry"))
        #expect(push.stderr.contains("(CONFIG_INVALID: "))
    }

    @Test(
        "A platform without a key runs what lies in a bucket, by presigned URLs that stay secret",
        .enabled(if: hasMoto, "moto is not installed"), arguments: ["image", "zip"])
    func bucket(_ kind: String) async throws {
        var key = try await sandbox.startBucket()
        key["BIM_TRACE"] = "1"
        let project = try await Project(in: sandbox)
        // Started by somebody who has no key.
        try await project.git("bim platform start", ["AWS_EC2_METADATA_DISABLED": "true"]).success()
        try project.write("bim.yml", "registry: s3://acme/artifacts\nartifact: \(kind)\n")
        try await project.commitApp(answering: kind)
        let push = try await project.push("main", key).success()
        #expect(push.stderr.contains("upload  s3://acme/artifacts/local/\(sandbox.app)"), "\(push)")
        #expect(!push.stderr.contains("X-Amz-"))
        #expect(try await project.answer() == kind)
        let inspected = try await project.git("bim inspect production", key).success().stdout
        #expect(inspected.contains("kind         \(kind)") && inspected.contains("provenance\n"), "\(inspected)")
        let search = try await sandbox.run(
            ["grep", "-r", "-l", "-a", "-F", "X-Amz-", "\(sandbox.root)/home", "\(project.folder)/.git"])
        try search.failure()
    }
}
