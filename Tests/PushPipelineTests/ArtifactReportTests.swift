import Artifacts
import Foundation
import HTTPTransport
import Testing

@testable import PushPipeline

/// What `git bim inspect` says, and what an image says of its commit.
struct ArtifactReportTests {
    private let digest = Digest.sha256(of: [1])

    private func image() throws -> StoredArtifact {
        var execution = ImageConfiguration.Execution()
        execution.command = ["/bin/sh", "-c", "python3 app.py"]
        execution.environment = ["TOKEN=hush", "A=1"]
        execution.exposedPorts = ["8080/tcp": .init()]
        execution.labels = ["team": "a"]
        var artifact = StoredArtifact(reference: "local/api@\(digest)", digest: digest, kind: "image")
        artifact.layers = [Descriptor(mediaType: MediaType.layerGzip, digest: .sha256(of: [2]), size: 1500)]
        artifact.annotations = ["org.opencontainers.image.version": "v1"]
        artifact.configuration = ImageConfiguration(
            platform: Platform(os: "linux", architecture: "amd64"), config: execution, diffIDs: [])
        return artifact
    }

    @Test("A statement is read as it was written; another document is none")
    func statement() throws {
        let written = Provenance(
            subject: digest, commit: "c1", tree: "t1", definition: .ownBuilder(recipe: "r1", base: .sha256(of: [3])),
            tests: "passed", builder: "https://backend.im/bim/1")
        let bytes = try written.statement()
        let read = try #require(Provenance(statement: bytes))
        #expect(try read.statement() == bytes && read.definition == written.definition && read.tree == "t1")
        #expect(Provenance(statement: Array("{}".utf8)) == nil)
    }

    @Test("People read everything but the values of variables; where there is no provenance that is said")
    func text() throws {
        var artifact = try image()
        #expect(
            ArtifactReport(artifact).text == """
                local/api@\(digest)
                  kind         image, linux/amd64
                  digest       \(digest)
                  size         1.5 kB
                  layer        \(Digest.sha256(of: [2]))  1.5 kB
                  command      /bin/sh -c 'python3 app.py'
                  variables    TOKEN, A
                  ports        8080/tcp
                  label        team=a
                  annotation   org.opencontainers.image.version=v1
                provenance: there is none
                """)
        artifact.provenance = [
            Provenance(
                subject: digest, commit: "c1", tree: "t1", definition: .ownBuilder(recipe: "r1", base: nil),
                tests: "none", builder: "https://backend.im/bim/1")
        ]
        #expect(
            ArtifactReport(artifact).text.hasSuffix(
                """
                provenance
                  builder      https://backend.im/bim/1
                  build type   https://backend.im/own-builder/v1
                  commit       c1
                  tree         t1
                  tests        none
                  recipe       r1
                """))
        let json = CommandOutput.json(ArtifactReport(artifact).document)
        #expect(json.contains(#""labels":{"team":"a"}"#) && json.contains(#""variables":["TOKEN","A"]"#))
        #expect(!json.contains("hush") && json.contains(#""build_type":"https://backend.im/own-builder/v1""#))
    }

    @Test(
        "The source is a remote's URL without what is secret in it",
        arguments: [
            ("https://me:hush@git.example.org/a/b.git?x=hush", "https://git.example.org/a/b.git"),
            ("https://token@git.example.org:8443/a", "https://git.example.org:8443/a"),
            ("ssh://git:hush@git.example.org/a", "ssh://git@git.example.org/a"),
            ("git@git.example.org:a/b.git", "ssh://git@git.example.org/a/b.git"),
            ("/srv/git/a.git", nil), ("../a", nil), ("file:///srv/a", nil), ("bim::local/a", nil),
            ("bim::https://x.example.org/u/a", nil),
        ] as [(String, String?)])
    func source(_ url: String, _ expected: String?) { #expect(CommitNaming.source(url) == expected) }

    @Test("An artifact in S3 is named by its manifest or its file")
    func places() throws {
        func find(_ text: String) -> (place: ArtifactPlace, digest: Digest)? {
            ArtifactPlace.find(
                text, own: ("local/api", PlatformRegistry(baseURL: "http://127.0.0.1:1", token: nil)), environment: [:],
                transport: .init())
        }
        #expect(find("production") == nil && find("staging/42") == nil && find("\(digest)") == nil)
        #expect(find("s3://acme-bucket/p/api/\(digest.hex).zip")?.digest == digest)
        #expect(find("s3://acme-bucket/p/local/api@\(digest)")?.digest == digest)
        #expect(find("local/api@\(digest)")?.digest == digest && find("ghcr.io/a/b@\(digest)")?.digest == digest)
    }
}
