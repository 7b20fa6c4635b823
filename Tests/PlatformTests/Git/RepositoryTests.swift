import Foundation
@testable import Platform
import PlatformAPI
import ProcessRunner
import Testing

@Suite("The repositories: what they keep")
struct RepositoryTests {
    private let folder: TemporaryFolder
    private let repositories: GitRepositories
    private let source: GitClient
    private let app = AppID(user: "acme", app: "api")

    private var path: String { repositories.path(of: app) }

    init() async throws {
        folder = try TemporaryFolder()
        repositories = GitRepositories(folder: folder.path + "/repositories", environment: TestPlatform.environment)
        source = try await GitClient()
        try await repositories.ensure(app)
    }

    private func ref(_ name: String, _ objectID: String) -> RefRecord {
        RefRecord(ref: name, objectID: objectID, environment: nil, release: nil, updatedAt: "")
    }

    private func refs() async throws -> [String] {
        try await source.git("for-each-ref", "--format=%(refname)", in: path).split(separator: "\n").map(String.init)
    }

    @Test("A source ref goes once a real ref holds its commit, the others before anybody deploys again")
    func sources() async throws {
        let first = try await source.commit("first")
        try await source.git("push", "--quiet", path, "HEAD:refs/bim/source/\(first)")
        let second = try await source.commit("second")
        try await source.git("push", "--quiet", path, "HEAD:refs/bim/source/\(second)")

        try await repositories.follow([ref("refs/heads/main", first)], of: app)
        #expect(try await refs() == ["refs/bim/source/\(second)", "refs/heads/main"])
        try await repositories.removeSources(of: app)
        #expect(try await refs() == ["refs/heads/main"])
        #expect(try await repositories.contains(commit: second, of: app))

        try await repositories.follow([], of: app)
        #expect(try await refs() == [])
    }

    @Test("A source ref that a push holds now is left for the next time")
    func heldSource() async throws {
        let first = try await source.commit("first")
        try await source.git("push", "--quiet", path, "HEAD:refs/bim/source/\(first)")
        try folder.write("".utf8, to: "repositories/acme/api.git/refs/bim/source/\(first).lock")
        try await repositories.follow([ref("refs/heads/main", first)], of: app)
        #expect(try await refs() == ["refs/bim/source/\(first)", "refs/heads/main"])
    }

    @Test("Tidying packs much that is loose, and loses nothing")
    func tidy() async throws {
        let first = try await source.commit("first")
        try await source.git("push", "--quiet", path, "HEAD:refs/bim/source/1")
        try await repositories.follow([ref("refs/heads/main", first)], of: app)
        try await source.git("config", "gc.auto", "1", in: path)
        // git estimates the number of loose objects from one folder.
        for number in 1...600 { try folder.write("\(number)".utf8, to: "loose/\(number)") }
        let loose = try await source.attempt(
            ["-C", path, "hash-object", "-w"] + (1...600).map { "\(folder.path)/loose/\($0)" })
        try #require(loose.status.isSuccess)
        #expect(!names(in: path + "/objects/pack").contains { $0.hasSuffix(".pack") })

        try await repositories.tidy(app)
        #expect(names(in: path + "/objects/pack").contains { $0.hasSuffix(".pack") })
        #expect(try await repositories.contains(commit: first, of: app))
    }

    @Test("The hook goes along when the platform's folder moves, also in a repository of an earlier version")
    func moved() async throws {
        try await source.git("config", "core.hooksPath", path + "/hooks", in: path)
        try FileManager.default.removeItem(atPath: path + "/bim-ready-3")
        try await repositories.ensure(app)
        try FileManager.default.moveItem(atPath: folder.path + "/repositories", toPath: folder.path + "/moved")

        _ = try await source.commit("first")
        let push = try await source.attempt([
            "push", "--quiet", folder.path + "/moved/acme/api.git", "HEAD:refs/heads/main",
        ])
        #expect(!push.status.isSuccess)
        #expect(push.errorText.contains("push through the remote helper"))
    }
}
