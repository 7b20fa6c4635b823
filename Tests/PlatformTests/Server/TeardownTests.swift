import Diagnostics
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("Removing an environment")
    struct TeardownTests {
        private func remove(
            _ platform: TestPlatform, _ environment: String, expecting id: String?
        ) async throws -> WebAnswer {
            try await platform.send(
                "DELETE", "\(platform.path)/environments/\(environment)",
                headers: id.map { ["If-Match": "\"\($0)\""] } ?? [:])
        }

        @Test("A preview goes with its branch, its releases and what runs, and its history stays")
        func preview() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let live = try await app.deploy(app.request())
                let preview = try await app.deploy(app.request(environment: "next", ref: "refs/heads/next"))
                let url = try #require(preview.url)
                #expect(url != live.url)
                #expect(try await Web.get(url) == "ok")
                let answer = try await remove(platform, "next", expecting: app.commit)
                #expect(answer.status == 204)
                await #expect(throws: Web.NoAnswer.self) { try await Web.get(url) }
                #expect(try await app.environments().map(\.name) == ["production"])
                let heads = try await app.source.git("ls-remote", platform.gitURL, "refs/heads/*")
                #expect(heads == "\(app.commit)\trefs/heads/main")
                try expectProblem(
                    .appNotFound, 404,
                    in: try await platform.send("GET", "\(platform.path)/environments/next/releases"))
                #expect(try await app.deployments("?environment=next").map(\.id) == [preview.id])
                #expect(try await Web.get(try #require(live.url)) == "ok")
                try expectProblem(.appNotFound, 404, in: try await remove(platform, "next", expecting: app.commit))
            }
        }

        @Test("A preview that never became live goes with its failed deployment; it can be pushed again")
        func neverLive() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                var request = app.request(
                    environment: "next", ref: "refs/heads/next", processes: ["web": "echo no; exit 1"])
                request.kind = "preview"
                let failed = try await app.deploy(request)
                #expect(failed.failure?.logTail == ["no"])
                #expect(try await app.environments().isEmpty)
                #expect(try await app.deployments("?environment=next").map(\.id) == [failed.id])
                request.settings.processes = ["web": SampleApp.web]
                let live = try await app.deploy(request)
                #expect(live.status == .healthy)
                request.oldCommit = app.commit
                request.settings.processes = ["web": "exit 1"]
                #expect(try await app.deploy(request).status == .failed)
                #expect(try await app.environments().map(\.state) == ["running"])
                #expect(try await Web.get(try #require(live.url)) == "ok")
                request.kind = "permanent"
                request.environment = "staging"
                (request.ref, request.oldCommit) = ("refs/heads/staging", nil)
                #expect(try await app.deploy(request).status == .failed)
                #expect(try await app.environments().map(\.name) == ["next", "staging"])
            }
        }

        @Test("It needs the branch's object id, and the right one")
        func conditions() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                _ = try await app.deploy(app.request(environment: "next", ref: "refs/heads/next"))
                try expectProblem(.staleRef, 428, in: try await remove(platform, "next", expecting: nil))
                let stale = try await remove(platform, "next", expecting: String(repeating: "b", count: 40))
                #expect(try expectProblem(.staleRef, 412, in: stale).current == app.commit)
                try expectProblem(.appNotFound, 404, in: try await remove(platform, "none", expecting: app.commit))
                #expect(try await app.environments().map(\.name) == ["next"])
            }
        }

        @Test("A protected environment stays")
        func protected() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let live = try await app.deploy(app.request(protected: true))
                let answer = try await remove(platform, "production", expecting: app.commit)
                let problem = try expectProblem(.environmentProtected, 403, in: answer)
                #expect(problem.hint?.isEmpty == false)
                #expect(try await Web.get(try #require(live.url)) == "ok")
            }
        }

        @Test("An environment to which something is being deployed stays, and names the holder")
        func busy() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                _ = try await app.deploy(app.request())
                let request = app.request(old: app.commit, releaseCommand: SampleApp.endless)
                let id = try await app.start(request).decode(Deployment.self).id
                try await app.waitUntil(id, prints: "begun")
                let answer = try await remove(platform, "production", expecting: app.commit)
                #expect(try expectProblem(.deployInProgress, 409, in: answer).holder?.deployment == id)
                #expect(try await app.cancel(id).status == 202)
                #expect(try await app.end(of: id).status == .canceled)
            }
        }
    }
}
