import Foundation
import Testing

/// `git bim inspect` against the platform's own registry and another one.
struct InspectTests {
    private struct Document: Decodable {
        struct Layer: Decodable { let digest: String, size: Int }
        struct Image: Decodable { let command: [String]?, variables: [String] }
        struct Statement: Decodable { let commit: String, tests: String, parameters: [String: String] }
        let v: Int, reference: String, digest: String, kind: String, size: Int
        let layers: [Layer], image: Image?, annotations: [String: String], provenance: [Statement]
    }

    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func inspect(_ what: String, _ project: Project) async throws -> Document {
        let text = try await project.git("bim inspect \(what) --json").success().stdout
        return try JSONDecoder().decode(Document.self, from: Data(text.utf8))
    }

    @Test("What is live is shown by its environment, release, digest and commit, with its provenance")
    func own() async throws {
        let project = try await Project(in: sandbox)
        try project.write("bim.yml", "image: { environment: { GREETING: hello } }\n")
        let commit = try await project.commitApp(answering: "one")
        try await project.push().success()
        let live = try await inspect("production", project)
        #expect(live.reference == "local/\(sandbox.app)@\(live.digest)" && live.kind == "image" && live.v == 1)
        #expect(live.layers.map(\.size).reduce(0, +) == live.size && live.size > 0)
        #expect(live.image?.variables == ["GREETING"], "names alone")
        #expect(live.provenance.map(\.commit) == [commit])
        #expect(live.provenance[0].parameters["recipe"] != nil && live.annotations.isEmpty)
        for what in ["production/1", "1", live.digest, live.reference, "HEAD"] {
            #expect(try await inspect(what, project).digest == live.digest)
        }
        let text = try await project.git("bim inspect production").success().stdout
        #expect(text.contains("provenance\n") && text.contains(commit) && !text.contains("hello"), "\(text)")
        let unknown = try await project.git("bim inspect sha256:1234").failure(3)
        #expect(unknown.stderr.contains("is not known here"), "\(unknown)")
    }

    @Test(
        "An artifact of another registry is read back from there; an image of its commit names source and version",
        .enabled(
            if: ProcessInfo.processInfo.environment["CI"] == "true"
                || FileManager.default.isExecutableFile(atPath: "/usr/bin/docker-registry"),
            "docker-registry is not installed"))
    func other() async throws {
        let host = try await sandbox.startRegistry()
        let project = try await Project(in: sandbox)
        try await project.git("remote add origin https://me:hush@git.example.org/acme/api.git").success()
        try project.write("bim.yml", "registry: \(host)/acme/api\nimage: { created: commit }\n")
        let commit = try await project.commitApp(answering: "one")
        try await project.git("tag v1.2").success()
        try await project.push().success()
        let live = try await inspect("production", project)
        #expect(live.reference == "\(host)/acme/api@\(live.digest)")
        #expect(live.provenance.map(\.commit) == [commit])
        let name = "org.opencontainers.image"
        #expect(live.annotations["\(name).revision"] == commit && live.annotations["\(name).created"] != nil)
        #expect(live.annotations["\(name).source"] == "https://git.example.org/acme/api.git")
        #expect(live.annotations["\(name).version"] == "v1.2")
        #expect(try await inspect(live.digest, project).provenance.count == 1)
    }
}
