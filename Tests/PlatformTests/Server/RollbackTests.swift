import Diagnostics
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("Rollbacks")
    struct RollbackTests {
        private func rollBack(
            _ platform: TestPlatform, to release: Int? = nil, key: String? = nil
        ) async throws -> WebAnswer {
            try await platform.send(
                "POST", "\(platform.path)/environments/production/rollback",
                headers: key.map { ["Idempotency-Key": $0] } ?? [:],
                json: RollbackRequest(release: release, client: "tests/1"))
        }

        @Test("The release before the live one is deployed again, without its release command, and its branch follows")
        func previous() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                _ = try await app.deploy(app.request(releaseCommand: "echo migrating"))
                let commit = try await app.source.commit("second")
                try await app.source.pushSource(to: platform)
                _ = try await app.deploy(
                    app.request(commit: commit, old: app.commit, processes: ["web": SampleApp.web(answering: "new")]))
                let begun = try await rollBack(platform, key: "k1")
                #expect(begun.status == 202, "\(begun.text)")
                let deployment = try await app.end(of: try begun.decode(Deployment.self).id)
                #expect(deployment.status == .healthy)
                #expect(deployment.release == 3)
                #expect(deployment.message == "Roll back to release 1")
                #expect(try await Web.get(try #require(deployment.url)) == "ok")
                #expect(try await !app.allEvents(of: deployment.id).contains { $0.message == "migrating" })
                let heads = try await app.source.git("ls-remote", platform.gitURL, "refs/heads/*")
                #expect(heads == "\(app.commit)\trefs/heads/main")
                // Asked again though the live release is another one now.
                #expect(try await rollBack(platform, key: "k1").decode(Deployment.self).id == deployment.id)
                #expect(try await rollBack(platform, to: 2, key: "k1").status == 422)
                let named = try await app.end(of: try await rollBack(platform, to: 2).decode(Deployment.self).id)
                #expect(named.release == 4)
                #expect(try await Web.get(try #require(deployment.url)) == "new")
            }
        }

        @Test("What cannot be gone back to is refused with its reason")
        func refused() async throws {
            try await withPlatform { platform in
                #expect(try await rollBack(platform).status == 404)
                let app = try await DeployableApp(on: platform)
                _ = try await app.deploy(app.request(processes: ["web": "exit 1"]))
                #expect(try await rollBack(platform).decode(Problem.self).detail == "nothing is live in 'production'")
                _ = try await app.deploy(app.request())
                #expect(
                    try await rollBack(platform).decode(Problem.self).detail == "there is no release before release 1")
                #expect(try await rollBack(platform, to: 1).decode(Problem.self).code == .configInvalid)
                #expect(try await rollBack(platform, to: 7).decode(Problem.self).code == .appNotFound)
            }
        }
    }
}
