import TestPeers
import Artifacts
import Foundation
import Testing

@testable import Registry

/// Engines pull what bim uploaded and run it; what refers to an image is read by oras.
@Suite(.enabled(if: Tool.canRun("docker-registry", "cc"), "docker-registry or cc is not installed"))
struct ContainerEngineTests {
    private let cargo: Cargo

    init() throws {
        cargo = try Cargo()
    }

    @Test("podman pulls by digest and runs it", .enabled(if: Tool.canRun("podman", "runc"), "podman is not installed"))
    func podman() async throws {
        let server = try DockerRegistry(cargo)
        let artifact = try cargo.runnableImage()
        try await cargo.client(server.host).upload(artifact)
        let store = try ShortFolder()
        let podman = [
            "podman", "--root", "\(store.path)/root", "--runroot", "\(store.path)/run", "--storage-driver", "vfs",
            "--cgroup-manager", "cgroupfs", "--runtime", "runc",
        ]
        let image = "\(server.host)/acme/api@\(artifact.digest)"
        try Tool.run(podman + ["pull", "--quiet", "--tls-verify=false", image], in: cargo.folder)
        // The limits that podman sets otherwise are more than a container of CI may set.
        let limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
        let said = try Tool.run(
            podman + ["run", "--rm", "--network", "none"] + limits + [image], in: cargo.folder)
        #expect(said == "hello from bim\n")
        withExtendedLifetime(server) {}
    }

    @Test("docker pulls by tag and runs it", .enabled(if: DockerEngine.canRun, "dockerd is not installed, or not root"))
    func docker() async throws {
        let server = try DockerRegistry(cargo)
        let artifact = try cargo.runnableImage()
        try await cargo.client(server.host, tags: ["main"]).upload(artifact)
        let engine = try DockerEngine()
        let image = "\(server.host)/acme/api:main"
        try engine.run(["pull", "--quiet", image])
        let digests = try engine.run(["image", "inspect", "--format", "{{join .RepoDigests \",\"}}", image])
        #expect(digests == "\(server.host)/acme/api@\(artifact.digest)\n")
        #expect(try engine.run(["run", "--rm", "--network", "none", image]) == "hello from bim\n")
        withExtendedLifetime(server) {}
    }

    @Test(
        "oras pulls the provenance of an image, which the list under the fallback tag leads to",
        .enabled(if: PythonPeers.has("oras"), "oras is not installed"))
    func oras() async throws {
        let server = try DockerRegistry(cargo)
        let client = try cargo.client(server.host)
        let artifact = try cargo.image(["a"])
        try await client.upload(artifact)
        let statement = #"{"predicateType":"https://slsa.dev/provenance/v1"}"#
        try await client.attach(
            Array(statement.utf8), type: "application/vnd.in-toto+json", named: "provenance.json", to: artifact)
        try cargo.write(
            """
            import sys
            import oras.client
            repository, tag, subject = sys.argv[1:]
            client = oras.client.OrasClient(insecure=True)
            index = client.get_manifest(f"{repository}:{tag}", ["application/vnd.oci.image.index.v1+json"])
            [entry] = index["manifests"]
            manifest = client.get_manifest(f"{repository}@{entry['digest']}")
            assert manifest["subject"]["digest"] == subject, manifest
            assert entry["artifactType"] == manifest["artifactType"] == "application/vnd.in-toto+json", entry
            print(open(client.pull(f"{repository}@{entry['digest']}", outdir="pulled")[0]).read())
            """, to: "pull.py")
        let said = try Tool.run(
            [
                PythonPeers.python, "pull.py", "\(server.host)/acme/api", "sha256-\(artifact.digest.hex)",
                artifact.digest.description,
            ], in: cargo.folder, ["HOME": cargo.folder])
        #expect(said == statement + "\n")
        #expect(FileManager.default.fileExists(atPath: "\(cargo.folder)/pulled/provenance.json"))
        withExtendedLifetime(server) {}
    }
}
