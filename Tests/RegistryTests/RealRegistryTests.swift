import TestPeers
import Artifacts
import Diagnostics
import Foundation
import HTTPTransport
import Testing

@testable import Registry

/// Debian's docker-registry takes what bim uploads, and other people's programs read it from there.
@Suite(.enabled(if: Tool.canRun("docker-registry"), "docker-registry is not installed"))
struct RealRegistryTests {
    private let cargo: Cargo

    init() throws {
        cargo = try Cargo()
    }

    @Test("It takes an image once; skopeo finds it", .enabled(if: Tool.canRun("skopeo")))
    func plain() async throws {
        let server = try DockerRegistry(cargo)
        let host = server.host
        let artifact = try cargo.runnableImage()
        let client = try cargo.client(host, tags: ["main"], remembers: true)
        #expect(try await client.upload(artifact).sentLayers == 2)
        #expect(try await client.upload(artifact).sentLayers == 0)
        #expect(try await client.contains(artifact.digest))
        let inspected = try Tool.run(
            ["skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", "docker://\(host)/acme/api:main"],
            in: cargo.folder)
        #expect(inspected == "\(artifact.digest)\n")
        withExtendedLifetime(server) {}
    }

    @Test(
        "umoci unpacks a runtime's bundle of it, and bsdtar lists its layers",
        .enabled(if: Tool.canRun("skopeo", "umoci", "bsdtar")))
    func unpacked() async throws {
        let server = try DockerRegistry(cargo)
        let artifact = try cargo.runnableImage()
        try await cargo.client(server.host).upload(artifact)
        let image = "docker://\(server.host)/acme/api@\(artifact.digest)"
        try Tool.run(["skopeo", "copy", "--src-tls-verify=false", image, "oci:layout:x"], in: cargo.folder)
        try Tool.run(["umoci", "unpack", "--rootless", "--image", "layout:x", "bundle"], in: cargo.folder)
        let root = "bundle/rootfs/app"
        #expect(try Tool.run(["cat", "\(root)/text.txt"], in: cargo.folder) == "hello from bim\n")
        #expect(try Tool.run(["stat", "-c", "%a %Y", "\(root)/bin/run"], in: cargo.folder) == "755 315532801\n")
        let bundle = try String(contentsOfFile: "\(cargo.folder)/bundle/config.json", encoding: .utf8)
        #expect(bundle.contains("/app/bin/run"))
        let listings = try artifact.layers.map {
            try Tool.run(["bsdtar", "-tf", "layout/blobs/sha256/\($0.descriptor.digest.hex)"], in: cargo.folder)
        }
        #expect(listings == ["app/\napp/text.txt\n", "app/\napp/bin/\napp/bin/run\n"])
        withExtendedLifetime(server) {}
    }

    @Test("It takes layers of zstd, which skopeo reads", .enabled(if: Tool.canRun("skopeo")))
    func zstd() async throws {
        let server = try DockerRegistry(cargo)
        let host = server.host
        let artifact = try cargo.runnableImage(.zstd)
        #expect(artifact.layers.allSatisfy { $0.descriptor.mediaType == MediaType.layerZstd })
        #expect(try await cargo.client(host).upload(artifact).sentLayers == 2)
        try Tool.run(
            [
                "skopeo", "copy", "--src-tls-verify=false", "--dest-decompress",
                "docker://\(host)/acme/api@\(artifact.digest)", "dir:out",
            ], in: cargo.folder)
        let layers = try CanonicalJSON.decode(ImageConfiguration.self, from: artifact.configuration).rootfs.diffIDs
        try Tool.run(
            ["sh", "-ec", "mkdir root; for i in \"$@\"; do tar -xf out/$i -C root; done", "sh"] + layers.map(\.hex),
            in: cargo.folder)
        #expect(try String(contentsOfFile: "\(cargo.folder)/root/app/text.txt", encoding: .utf8) == "hello from bim\n")
        withExtendedLifetime(server) {}
    }

    @Test("It serves a base that was pushed by skopeo, mounts its layers, and lists referrers under a tag")
    func baseAndReferrers() async throws {
        let server = try DockerRegistry(cargo)
        let host = server.host
        let base = try cargo.runnableImage()
        try await cargo.client(host, repository: "library/base", tags: ["1"]).upload(base)
        let platform = Cargo.platform
        let source = ImageSource(
            try cargo.reference("\(host)/library/base:1"), environment: cargo.environment(), transport: HTTPTransport(),
            folder: cargo.folder)
        let resolved = try await source.resolve(for: platform)
        #expect(resolved.digest == base.digest)
        let client = try cargo.client(host)
        let summary = try await client.upload(
            try Artifact(configuration: resolved.configuration, layers: resolved.layers))
        #expect(summary == UploadSummary(sentLayers: 0, layers: 2, sentBytes: 0))
        let onTop = try Artifact(
            configuration: resolved.configuration, layers: resolved.layers, annotations: ["org.example": "2"])
        try await client.upload(onTop)
        let subject = Descriptor(mediaType: MediaType.imageManifest, content: onTop.manifest)
        let document = try await client.attach(Array("{}".utf8), type: "application/vnd.in-toto+json", to: subject)
        #expect(try await client.referrers(of: onTop.digest).map(\.digest) == [document])
        await #expect(
            throws: ImageSource.Failure.noPlatform(
                "\(host)/library/base:1", offered: ["linux/\(platform.architecture)"])
        ) {
            try await source.resolve(for: Platform(os: "linux", architecture: "riscv64"))
        }
        withExtendedLifetime(server) {}
    }

    @Test(
        "It wants a name and a password, over TLS with a certificate of its own",
        .enabled(if: Tool.canRun("openssl", "skopeo")))
    func basicAndTLS() async throws {
        try Tool.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days",
                "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out",
                "cert.pem",
            ], in: cargo.folder)
        // 'secret', by bcrypt.
        try cargo.write("dev:$2b$12$AM/MV/w10.Vw0JVl20EyDOZMsk4TKBBhySxhxRnACdIPfBY4UZ5bK\n", to: "htpasswd")
        let server = try DockerRegistry(
            cargo, "auth: {htpasswd: {realm: here, path: \(cargo.folder)/htpasswd}}",
            http: ", tls: {certificate: \(cargo.folder)/cert.pem, key: \(cargo.folder)/key.pem}")
        let host = server.host
        let certificates = ".config/containers/certs.d/\(host)"
        try cargo.write(
            try String(contentsOfFile: "\(cargo.folder)/cert.pem", encoding: .utf8), to: "\(certificates)/ca.crt")
        let artifact = try cargo.image(["one", "two"])
        let error = await #expect(throws: RegistryError.self) { try await cargo.client(host).upload(artifact) }
        #expect(error?.userError.code == .registryAuth)
        let file = "\(cargo.folder)/auth.json"
        try Tool.run(
            ["skopeo", "login", "--authfile", file, "--cert-dir", certificates, "-u", "dev", "-p", "secret", host],
            in: cargo.folder)
        let client = try cargo.client(host, ["REGISTRY_AUTH_FILE": file], tags: ["main"])
        #expect(try await client.upload(artifact).sentLayers == 2)
        let inspected = try Tool.run(
            [
                "skopeo", "inspect", "--authfile", file, "--cert-dir", certificates, "--format", "{{.Digest}}",
                "docker://\(host)/acme/api:main",
            ], in: cargo.folder)
        #expect(inspected == "\(artifact.digest)\n")
        withExtendedLifetime(server) {}
    }
}
