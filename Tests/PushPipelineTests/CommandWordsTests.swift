import Foundation
import GitCore
import PlatformAPI
import ProjectConfig
import RemoteHelper
import Testing

@testable import PushPipeline

/// What words on the command line of `git bim` stand for.
struct CommandWordsTests {
    private let commit = ObjectID(hex: String(repeating: "a", count: 40))
    private let resolver = RefUpdateResolver(
        local: LocalRefs(location: RepositoryLocation(environment: [:], folder: "/nonexistent"), known: [:]),
        refs: [
            "refs/heads/next": RefRecord(
                ref: "refs/heads/next", objectID: String(repeating: "b", count: 40), environment: "preview-7",
                release: 1, updatedAt: "t")
        ], options: PushOptions())

    @Test("A branch is taken as it is, anything else for the branch that is checked out")
    func revision() throws {
        let known = try ["refs/heads/topic": #require(commit)]
        let local = LocalRefs(location: RepositoryLocation(environment: [:], folder: "/nonexistent"), known: known)
        let command = try local.command("topic")
        #expect(command.destination == "refs/heads/topic" && !command.force)
        #expect(command.source == Array("refs/heads/topic".utf8))
        #expect(throws: (any Error).self) { try local.command("HEAD~1") }
    }

    @Test("An environment's branch is the one that is live from, else the one that bim.yml maps, else its namesake")
    func branch() throws {
        let config = try ProjectConfig.parse(
            "environments: { staging: { branches: ['release/*', develop] }, qa: { branches: ['qa/*'] } }\n")
        #expect(resolver.branch(of: "preview-7", config) == "refs/heads/next")
        #expect(resolver.branch(of: "staging", config) == "refs/heads/develop")
        #expect(resolver.branch(of: "qa", config) == "refs/heads/qa")
        #expect(resolver.branch(of: "production", config) == "refs/heads/main")
        #expect(resolver.deploys("refs/heads/release/1", to: "staging", config))
        #expect(resolver.deploys("refs/heads/next", to: "preview-7", config))
        #expect(!resolver.deploys("refs/heads/main", to: "staging", config))
    }

    @Test("An artifact that was built here is found again by its digest and its commit; other files are passed over")
    func memory() throws {
        let folder = NSTemporaryDirectory() + "bim-memory-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let memory = ArtifactMemory(commonDirectory: folder)
        #expect(memory.all().isEmpty)
        let artifact = KnownArtifact(reference: "local/api@sha256:1234", commit: "c1")
        memory.remember(artifact)
        try "nonsense".write(toFile: "\(folder)/bim/artifacts/x.json", atomically: true, encoding: .utf8)
        #expect(memory.all() == [artifact])
        #expect(artifact.digest == "sha256:1234")
    }
}
