import Diagnostics
@testable import Platform
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("Deployments that wait for the word to switch")
    struct HoldTests {
        private func letSwitch(_ id: String, _ app: DeployableApp) async throws -> WebAnswer {
            try await app.platform.send("POST", "\(app.platform.path)/deployments/\(id)/switch")
        }

        /// Starts a deployment and waits until it is held.
        private func held(_ app: DeployableApp, _ request: DeploymentRequest) async throws -> String {
            var request = request
            request.hold = true
            let id = try await app.start(request).decode(Deployment.self).id
            for try await event in app.events(of: id) where event.phase == "held" { return id }
            Issue.record("the deployment ended without being held")
            return id
        }

        @Test("Nothing is live before the word, and everything after it, however often it is said")
        func switched() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let id = try await held(app, app.request())
                #expect(try await app.environments().map(\.liveRelease) == [nil])
                #expect(try await platform.send("GET", "\(platform.path)/refs").text == "[]")
                #expect(try await letSwitch(id, app).status == 202)
                let end = try await app.end(of: id)
                #expect(end.status == .healthy)
                #expect(try await Web.get(try #require(end.url)) == "ok")
                #expect(try await platform.send("GET", "\(platform.path)/refs").decode([RefRecord].self).count == 1)
                #expect(try await letSwitch(id, app).status == 202)
            }
        }

        @Test("One that is canceled while it waits leaves the old release, and cannot be switched any more")
        func canceled() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let live = try await app.deploy(app.request())
                let id = try await held(app, app.request(old: app.commit))
                #expect(try await app.cancel(id).status == 202)
                #expect(try await app.end(of: id).status == .canceled)
                try expectProblem(.canceled, 409, in: try await letSwitch(id, app))
                #expect(try await Web.get(try #require(live.url)) == "ok")
                #expect(try await app.environments().map(\.liveRelease) == [1])
            }
        }

        @Test("A process that ends while the release waits fails the deployment")
        func crashed() async throws {
            let folder = try TemporaryFolder()
            try await withPlatform(in: folder) { platform in
                let app = try await DeployableApp(on: platform)
                let mortal = SampleApp.web.replacing(
                    "while ($c = $s->accept) {",
                    with:
                        #"$SIG{ALRM} = sub { exit 3 if -e "end"; alarm 1 }; alarm 1; while (1) { $c = $s->accept or next;"#
                )
                let id = try await held(app, app.request(processes: ["web": mortal]))
                try folder.write([], to: "platform/releases/\(id)/app/end")
                let failure = try #require(try await app.end(of: id).failure)
                #expect(failure.code == .crashed)
                #expect(failure.exitCode == 3)
                #expect(try await app.environments().map(\.liveRelease) == [nil])
            }
        }

        @Test("One that is not held, or that never was asked to wait, is not switched by the word")
        func notHeld() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let id = try await app.start(app.request(releaseCommand: SampleApp.endless)).decode(Deployment.self).id
                try await app.waitUntil(id, prints: "begun")
                try expectProblem(.deployInProgress, 409, in: try await letSwitch(id, app))
                _ = try await app.cancel(id)
                _ = try await app.end(of: id)
            }
        }
    }
}

extension EngineTests {
    @Test("A deployment that nobody lets switch in time cancels itself")
    func holdExpires() async throws {
        try await withEngine(holdLimit: .milliseconds(50)) { fixture in
            var request = fixture.request(processes: ["web": SampleApp.web])
            request.hold = true
            try await fixture.begin("dpl_1", request)
            let end = try await fixture.end(of: "dpl_1")
            #expect(end.status == .canceled)
            #expect(end.failure?.phase == "held")
            #expect(try await fixture.ledger.environment(fixture.production)?.liveRelease == nil)
        }
    }
}
