import Diagnostics
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("Deployments")
    struct DeploymentTests {
        @Test("A deployment becomes healthy, answers at its URL, and everything tells the same")
        func healthy() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let deployment = try await app.deploy(app.request())
                #expect(deployment.status == .healthy)
                #expect(deployment.release == 1)
                #expect(deployment.failure == nil)
                #expect(deployment.finishedAt != nil)
                let url = try #require(deployment.url)
                #expect(try await Web.get(url) == "ok")

                let environments = try await app.environments()
                #expect(environments.map(\.name) == ["production"])
                #expect(environments.first?.liveRelease == 1)
                #expect(environments.first?.state == "running")
                #expect(environments.first?.ref == "refs/heads/main")
                #expect(environments.first?.url == url)
                let refs = try await platform.send("GET", "\(platform.path)/refs").decode([RefRecord].self)
                #expect(refs.map(\.ref) == ["refs/heads/main"])
                #expect(refs.first?.objectID == app.commit)
                #expect(refs.first?.environment == "production")
                #expect(refs.first?.release == 1)
                let heads = try await app.source.git("ls-remote", platform.gitURL, "refs/heads/*")
                #expect(heads == "\(app.commit)\trefs/heads/main")
                let releases = try await app.releases()
                #expect(releases.map(\.number) == [1])
                #expect(releases.first?.isLive == true)
                #expect(releases.first?.commit == app.commit)
                #expect(releases.first?.deployment == deployment.id)
                let shown = try await platform.send("GET", "\(platform.path)/deployments/\(deployment.id)?wait=30")
                #expect(try shown.decode(Deployment.self) == deployment)
            }
        }

        @Test("The next release takes over at the same URL, and the history has both")
        func next() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let first = try await app.deploy(app.request())
                let commit = try await app.source.commit("second")
                try await app.source.pushSource(to: platform)
                let second = try await app.deploy(
                    app.request(commit: commit, old: app.commit, processes: ["web": SampleApp.web(answering: "new")]))
                #expect(second.status == .healthy)
                #expect(second.release == 2)
                #expect(second.url == first.url)
                #expect(try await Web.get(try #require(second.url)) == "new")
                let releases = try await app.releases()
                #expect(releases.map(\.number) == [2, 1])
                #expect(releases.map(\.isLive) == [true, false])
                #expect(try await app.deployments().map(\.id) == [second.id, first.id])
                #expect(try await app.deployments("?limit=1").map(\.id) == [second.id])
                #expect(try await app.deployments("?environment=staging").isEmpty)
                #expect(try await app.deployments("?environment=production&limit=0").map(\.id) == [second.id])
            }
        }

        /// A request that fails, and what is told about it.
        struct Failing: Sendable, CustomTestStringConvertible {
            let code: ErrorCode
            var phase = "checking"
            var exitCode: Int?
            var signal: Int?
            var line: String?
            let change: @Sendable (inout DeploymentRequest) -> Void

            var testDescription: String { code.rawValue }
        }

        private static let failing = [
            Failing(code: .crashed, exitCode: 3, line: "no database") {
                $0.settings.processes = ["web": "echo no database >&2; exit 3"]
            },
            Failing(code: .crashed, signal: 9) { $0.settings.processes = ["web": "kill -9 $$"] },
            Failing(code: .portNotBound) {
                $0.settings.processes = ["web": "exec sleep 1000"]
                $0.settings.healthTimeoutSeconds = 1
            },
            Failing(code: .releaseCommandFailed, phase: "releasing", exitCode: 4, line: "migrating") {
                $0.settings.releaseCommand = "echo migrating; exit 4"
            },
            Failing(code: .pullFailed, phase: "pulling") {
                let app = $0.artifact.reference.prefix { $0 != "@" }
                $0.artifact.reference = "\(app)@sha256:" + String(repeating: "0", count: 64)
            },
        ]

        @Test("A deployment that fails says why, and the release before it goes on serving", arguments: failing)
        func failed(failing: Failing) async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let good = try await app.deploy(app.request())
                let commit = try await app.source.commit("bad")
                try await app.source.pushSource(to: platform)
                var request = app.request(commit: commit, old: app.commit)
                failing.change(&request)
                let bad = try await app.deploy(request)
                #expect(bad.status == .failed)
                #expect(bad.release == nil)
                #expect(bad.finishedAt != nil)
                let failure = try #require(bad.failure)
                #expect(failure.code == failing.code, "\(failure)")
                #expect(failure.phase == failing.phase)
                #expect(failure.exitCode == failing.exitCode)
                #expect(failure.signal == failing.signal)
                #expect(failure.hint?.isEmpty == false)
                if let line = failing.line { #expect(failure.logTail == [line]) }

                #expect(try await Web.get(try #require(good.url)) == "ok")
                #expect(try await app.environments().map(\.liveRelease) == [1])
                let heads = try await app.source.git("ls-remote", platform.gitURL, "refs/heads/*")
                #expect(heads == "\(app.commit)\trefs/heads/main")
                let again = try await app.deploy(app.request(commit: commit, old: app.commit))
                #expect(again.status == .healthy, "the environment is free again")
            }
        }

        @Test("The program finds its surroundings in its environment")
        func surroundings() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let command = "echo \"$BIM_APP $BIM_ENVIRONMENT $BIM_RELEASE $BIM_COMMIT $BIM_URL\"; cat hello"
                let deployment = try await app.deploy(app.request(releaseCommand: command))
                #expect(deployment.status == .healthy)
                let lines = try await app.allEvents(of: deployment.id).filter { $0.type == .log }.map(\.message)
                let url = try #require(deployment.url)
                #expect(lines == ["\(platform.app) production 1 \(app.commit) \(url)", "hello"])
            }
        }
    }
}
