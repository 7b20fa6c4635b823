import Artifacts
import Testing

@Suite("OCI types")
struct ImageTypesTests {
    private let digest = Digest.sha256(of: Array("x".utf8))

    private func text(_ value: some Encodable) throws -> String {
        String(decoding: try CanonicalJSON.encode(value), as: UTF8.self)
    }

    @Test("provenance is the same bytes every time, and says what went in")
    func provenance() throws {
        let digest = Digest.sha256(of: [])
        let provenance = Provenance(
            subject: digest, commit: "c", tree: "t", definition: .ownBuilder(recipe: "r", base: .sha256(of: [1])),
            tests: "passed", builder: "bim/1")
        #expect(
            String(decoding: try provenance.statement(), as: UTF8.self)
                == #"{"_type":"https://in-toto.io/Statement/v1","predicate":{"buildDefinition":{"#
                + #""buildType":"https://backend.im/own-builder/v1","externalParameters":{"recipe":"r"},"#
                + #""internalParameters":{"tests":"passed"},"#
                + #""resolvedDependencies":[{"digest":{"gitCommit":"c"},"name":"commit"},"#
                + #"{"digest":{"gitTree":"t"},"name":"tree"},"#
                + #"{"digest":{"sha256":"\#(Digest.sha256(of: [1]).hex)"},"name":"base"}]},"#
                + #""runDetails":{"builder":{"id":"bim/1"}}},"predicateType":"https://slsa.dev/provenance/v1","#
                + #""subject":[{"digest":{"sha256":"\#(digest.hex)"},"name":"artifact"}]}"#)
    }

    @Test("a manifest is the same JSON every time: sorted, tight, slashes as they are")
    func manifest() throws {
        let layer = Descriptor(
            mediaType: MediaType.layerGzip, digest: digest, size: 5, annotations: ["b/é": "2", "a": "1\"\n"])
        let manifest = ImageManifest(
            config: Descriptor(mediaType: MediaType.imageConfiguration, digest: digest, size: 3), layers: [layer])
        #expect(
            try text(manifest) == """
                {"config":{"digest":"\(digest)","mediaType":"application/vnd.oci.image.config.v1+json","size":3},\
                "layers":[{"annotations":{"a":"1\\"\\n","b/é":"2"},"digest":"\(digest)",\
                "mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":5}],\
                "mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}
                """)
        #expect(try CanonicalJSON.decode(ImageManifest.self, from: text(manifest).utf8) == manifest)
    }

    @Test("a configuration uses the names of the specification")
    func configuration() throws {
        var execution = ImageConfiguration.Execution()
        execution.user = "1000"
        execution.exposedPorts = ["8080/tcp": .init()]
        execution.environment = ["A=b"]
        execution.entrypoint = ["/bin/sh", "-c"]
        execution.command = ["run"]
        execution.workingDirectory = "/app"
        execution.labels = ["k": "v"]
        execution.stopSignal = "SIGTERM"
        let configuration = ImageConfiguration(
            created: "1980-01-01T00:00:01Z", platform: Platform(os: "linux", architecture: "amd64"),
            config: execution, diffIDs: [digest],
            history: [.init(created: "1980-01-01T00:00:01Z", createdBy: "bim", emptyLayer: true)])
        #expect(
            try text(configuration) == """
                {"architecture":"amd64","config":{"Cmd":["run"],"Entrypoint":["/bin/sh","-c"],"Env":["A=b"],\
                "ExposedPorts":{"8080/tcp":{}},"Labels":{"k":"v"},"StopSignal":"SIGTERM","User":"1000",\
                "WorkingDir":"/app"},"created":"1980-01-01T00:00:01Z",\
                "history":[{"created":"1980-01-01T00:00:01Z","created_by":"bim","empty_layer":true}],\
                "os":"linux","rootfs":{"diff_ids":["\(digest)"],"type":"layers"}}
                """)
        #expect(try CanonicalJSON.decode(ImageConfiguration.self, from: text(configuration).utf8) == configuration)
    }

    @Test("Docker's documents are read, with nulls and unknown fields")
    func docker() throws {
        let configuration = """
            {"architecture":"arm64","variant":"v8","os":"linux","container":"0af","docker_version":"20",
             "config":{"Hostname":"","Env":["PATH=/bin"],"Cmd":null,"Entrypoint":null,"Labels":null,"OnBuild":null,
             "Volumes":{"/data":{}}},"rootfs":{"type":"layers","diff_ids":null},"history":null}
            """
        let read = try CanonicalJSON.decode(ImageConfiguration.self, from: configuration.utf8)
        #expect(read.config?.environment == ["PATH=/bin"])
        #expect(read.config?.command == nil)
        #expect(read.config?.volumes?.keys.map { $0 } == ["/data"])
        #expect(read.variant == "v8" && read.rootfs.diffIDs.isEmpty && read.history.isEmpty)

        let manifest = """
            {"schemaVersion":2,"mediaType":"\(MediaType.dockerManifest)","layers":null,
             "config":{"mediaType":"\(MediaType.dockerConfiguration)","size":7,"digest":"\(digest)","urls":[]}}
            """
        let document = try CanonicalJSON.decode(ImageManifest.self, from: manifest.utf8)
        #expect(document.config.size == 7 && document.layers.isEmpty)
        #expect(MediaType.isManifest(try #require(document.mediaType)))
        #expect(MediaType.isConfiguration(document.config.mediaType))
    }

    @Test(
        "an index finds the manifest of a platform",
        arguments: [
            (Platform(os: "linux", architecture: "amd64"), 1), (Platform(os: "linux", architecture: "arm64"), 2),
            (Platform(os: "linux", architecture: "arm64", variant: "v9"), 3),
            (Platform(os: "windows", architecture: "amd64"), nil),
        ] as [(Platform, Int64?)])
    func index(wanted: Platform, size: Int64?) throws {
        func entry(_ platform: Platform?, _ size: Int64) -> Descriptor {
            Descriptor(mediaType: MediaType.dockerManifest, digest: digest, size: size, platform: platform)
        }
        let index = ImageIndex(manifests: [
            entry(nil, 0), entry(Platform(os: "linux", architecture: "amd64"), 1),
            entry(Platform(os: "linux", architecture: "arm64", variant: "v8"), 2),
            entry(Platform(os: "linux", architecture: "arm64", variant: "v9"), 3),
        ])
        let read = try CanonicalJSON.decode(ImageIndex.self, from: text(index).utf8)
        #expect(read == index)
        #expect(read.manifest(for: wanted)?.size == size)
    }
}
