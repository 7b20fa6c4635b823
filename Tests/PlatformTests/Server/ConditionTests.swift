import Artifacts
import Diagnostics
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("What a deployment may begin with")
    struct ConditionTests {
        @Test("Without a condition it is asked for one")
        func missing() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                for headers in [[:], ["If-None-Match": "\"\(app.commit)\""]] {
                    try expectProblem(.staleRef, 428, in: try await app.start(app.request(), headers: headers))
                }
                #expect(try await app.deployments().isEmpty)
            }
        }

        @Test("A ref that is elsewhere refuses it with the id that the ref has")
        func stale() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let other = String(repeating: "b", count: 40)
                var forced = app.request(old: other)
                forced.force = true
                let early = try expectProblem(.staleRef, 412, in: try await app.start(forced))
                #expect(early.current == nil)
                #expect(try await app.deploy(app.request()).status == .healthy)
                for request in [app.request(), forced] {
                    let problem = try expectProblem(.staleRef, 412, in: try await app.start(request))
                    #expect(problem.current == app.commit)
                }
                #expect(try await app.deployments().count == 1)
            }
        }

        @Test("A commit that would lose commits needs force")
        func fastForward() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                #expect(try await app.deploy(app.request()).status == .healthy)
                try await app.source.git("checkout", "--quiet", "--orphan", "other")
                let other = try await app.source.commit("another history")
                try await app.source.pushSource(to: platform)
                let refused = try await app.start(app.request(commit: other, old: app.commit))
                let problem = try expectProblem(.nonFastForward, 409, in: refused)
                #expect(problem.current == app.commit)
                let forced = try await app.deploy(app.request(commit: other, old: app.commit, force: true))
                #expect(forced.status == .healthy)
            }
        }

        @Test("A busy environment refuses it and names the holder; another environment does not")
        func busy() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let request = app.request(releaseCommand: SampleApp.endless)
                let holder = try await app.start(request).decode(Deployment.self)
                try await app.waitUntil(holder.id, prints: "begun")
                let refused = try await app.start(app.request())
                let problem = try expectProblem(.deployInProgress, 409, in: refused)
                #expect(problem.retryable)
                #expect(problem.holder?.deployment == holder.id)
                #expect(problem.holder?.commit == app.commit)
                #expect(problem.holder?.phase == "releasing")
                let preview = try await app.deploy(app.request(environment: "next", ref: "refs/heads/next"))
                #expect(preview.status == .healthy)
                _ = try await app.cancel(holder.id)
                #expect(try await app.end(of: holder.id).status == .canceled)
                #expect(try await app.deploy(app.request()).status == .healthy)
            }
        }

        @Test("A branch and one below it cannot both be")
        func room() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                #expect(try await app.deploy(app.request()).status == .healthy)
                let below = app.request(environment: "next", ref: "refs/heads/main/next")
                let problem = try expectProblem(.configInvalid, 409, in: try await app.start(below))
                #expect(problem.detail.contains("'refs/heads/main'"))
            }
        }

        @Test("The same idempotency key and body begin one deployment, another body is refused")
        func idempotency() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let headers = ["If-None-Match": "*", "Idempotency-Key": "push-1"]
                let request = app.request()
                let first = try await app.start(request, headers: headers)
                #expect(first.status == 202)
                let id = try first.decode(Deployment.self).id
                #expect(first.headers["location"] == "\(platform.path)/deployments/\(id)")
                let end = try await app.end(of: id)
                #expect(end.status == .healthy)
                let again = try await app.start(request, headers: headers)
                #expect(again.status == 202)
                #expect(again.headers["location"] == first.headers["location"])
                #expect(try again.decode(Deployment.self) == end)
                var other = request
                other.message = "Something else"
                let refused = try await app.start(other, headers: headers)
                #expect(refused.status == 422, "\(refused.text)")
                #expect(try await app.deployments().map(\.id) == [id])
            }
        }

        @Test("The condition and the body must say the same")
        func contradiction() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                for headers in [["If-Match": "\"\(app.commit)\""], ["If-Match": ""]] {
                    try expectProblem(.configInvalid, 422, in: try await app.start(app.request(), headers: headers))
                }
            }
        }

        @Test("A request that makes no sense is refused before anything begins")
        func invalid() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let changes: [(inout DeploymentRequest) -> Void] = [
                    { $0.ref = "refs/tags/v1" }, { $0.ref = "main" }, { $0.ref = "refs/heads/a..b" },
                    { $0.environment = "Production" }, { $0.environment = "" }, { $0.kind = "eternal" },
                    { $0.artifact.kind = "jar" }, { $0.artifact.reference = "acme/other@sha256:0" },
                    { $0.artifact.reference = "acme/other@\(app.image.digest)" },
                    { $0.artifact.reference = "ghcr.io/acme/api:latest" },
                    { $0.artifact.reference = "s3://bucket/api/\(app.image.digest.hex).zip" },
                    { ($0.artifact.kind, $0.settings.processes) = ("zip", [:]) },
                    { $0.artifact.urls = [app.image.digest.description: "https://a.example/"] },
                    { $0.commit = String(repeating: "1", count: 40) }, { $0.commit = "main" },
                    { $0.settings.graceSeconds = 0 }, { $0.settings.graceSeconds = 301 },
                    { $0.settings.healthTimeoutSeconds = 0 },
                ]
                for change in changes {
                    var request = app.request()
                    change(&request)
                    try expectProblem(.configInvalid, 422, in: try await app.start(request))
                }
                let text = try await platform.send(
                    "POST", "\(platform.path)/deployments", headers: ["If-None-Match": "*"], body: Array("{}".utf8))
                try expectProblem(.configInvalid, 422, in: text)
                let elsewhere = try await platform.send(
                    "POST", "/v1/apps/acme/none/deployments", headers: ["If-None-Match": "*"], json: app.request())
                try expectProblem(.appNotFound, 404, in: elsewhere)
                #expect(try await app.deployments().isEmpty)
                #expect(try await app.environments().isEmpty)
            }
        }
    }
}
