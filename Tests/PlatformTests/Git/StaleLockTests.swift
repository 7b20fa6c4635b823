@testable import Platform
import PlatformAPI
import Sandboxes
import Testing

@Suite("The repositories: after a kill of git")
struct StaleLockTests {
    @Test("Locks of refs and settings are removed, and nothing else")
    func removes() async throws {
        let folder = try TemporaryFolder()
        let repositories = GitRepositories(folder: folder.path, environment: TestPlatform.environment)
        let app = AppID(user: "acme", app: "api")
        try await repositories.ensure(app)
        let stale = ["HEAD.lock", "config.lock", "packed-refs.lock", "refs/heads/main.lock", "refs/tags/v/1.lock"]
        let kept = ["objects/pack/pack-1.keep", "objects/aa/x.lock"]
        for name in stale + kept { try folder.write("".utf8, to: "acme/api.git/\(name)") }

        repositories.removeStaleLocks(of: app)
        let path = repositories.path(of: app)
        #expect(stale.filter { FileKind(of: "\(path)/\($0)") != .missing } == [])
        #expect(kept.filter { FileKind(of: "\(path)/\($0)") != .file } == [])
        #expect(FileKind(of: path + "/hooks/pre-receive") == .file)
    }
}
