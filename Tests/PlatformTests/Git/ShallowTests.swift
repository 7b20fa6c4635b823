@testable import Platform
import PlatformAPI
import ProcessRunner
import Testing

@Suite("The repositories: pushes from shallow clones")
struct ShallowTests {
    private let folder: TemporaryFolder
    private let repositories: GitRepositories
    private let source: GitClient
    private let app = AppID(user: "acme", app: "api")

    private var path: String { repositories.path(of: app) }

    init() async throws {
        folder = try TemporaryFolder()
        repositories = GitRepositories(folder: folder.path, environment: TestPlatform.environment)
        source = try await GitClient()
        try await repositories.ensure(app)
    }

    /// Pushes the newest commit from a clone that has no other.
    private func pushShallow(as name: String) async throws {
        let clone = folder.path + "/clone-\(name)"
        try await source.git("clone", "--quiet", "--depth", "1", "file://\(source.path)", clone)
        try await source.git("push", "--quiet", path, "HEAD:refs/bim/source/\(name)", in: clone)
    }

    @Test("A boundary whose parents are here goes away: ancestry is told, and clones are whole")
    func joined() async throws {
        let first = try await source.commit("first")
        try await source.git("push", "--quiet", path, "HEAD:refs/bim/source/0")
        let second = try await source.commit("second")
        try await pushShallow(as: "1")
        #expect(repositories.isShallow(app))
        #expect(try await repositories.isAncestor(first, of: second, in: app) == nil)

        try await repositories.mendShallow(app)
        #expect(!repositories.isShallow(app))
        #expect(try await repositories.isAncestor(first, of: second, in: app) == true)
        #expect(try await repositories.isAncestor(second, of: first, in: app) == false)
        #expect(!names(in: path).contains { $0.hasPrefix("shallow") })
    }

    @Test("A boundary whose parents are elsewhere stays, beside one that goes")
    func kept() async throws {
        _ = try await source.commit("first")
        let second = try await source.commit("second")
        try await pushShallow(as: "1")
        _ = try await source.commit("third")
        try await pushShallow(as: "2")
        #expect(try await source.git("rev-list", "--count", "refs/bim/source/2", in: path) == "1")

        try await repositories.mendShallow(app)
        #expect(try await source.git("rev-list", "--count", "refs/bim/source/2", in: path) == "2")
        #expect(ProcFile.read(path + "/shallow") == Array("\(second)\n".utf8))
        try await repositories.mendShallow(app)
        #expect(ProcFile.read(path + "/shallow") == Array("\(second)\n".utf8))
    }

    @Test("A lock that git holds is left alone")
    func locked() async throws {
        _ = try await source.commit("first")
        try await source.git("push", "--quiet", path, "HEAD:refs/bim/source/0")
        let second = try await source.commit("second")
        try await pushShallow(as: "1")
        try folder.write("".utf8, to: "acme/api.git/shallow.lock")
        try await repositories.mendShallow(app)
        #expect(ProcFile.read(path + "/shallow") == Array("\(second)\n".utf8))
        #expect(names(in: path).contains("shallow.lock"))
    }
}
