import Diagnostics
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("Cancellation")
    struct CancelTests {
        @Test("A deployment that is canceled ends, and what was live goes on serving")
        func cancel() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let live = try await app.deploy(app.request())
                let request = app.request(old: app.commit, releaseCommand: SampleApp.endless)
                let id = try await app.start(request).decode(Deployment.self).id
                try await app.waitUntil(id, prints: "begun")
                let asked = try await app.cancel(id)
                #expect(asked.status == 202)
                #expect(try asked.decode(Deployment.self).id == id)
                let end = try await app.end(of: id)
                #expect(end.status == .canceled)
                #expect(end.failure?.code == .canceled)
                #expect(end.release == nil)
                #expect(try await Web.get(try #require(live.url)) == "ok")
                #expect(try await app.environments().map(\.liveRelease) == [1])
            }
        }

        @Test("What is over cannot be canceled, nor what never was")
        func over() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let id = try await app.deploy(app.request(processes: ["web": "exit 1"])).id
                try expectProblem(.canceled, 409, in: try await app.cancel(id))
                try expectProblem(.appNotFound, 404, in: try await app.cancel("dpl_none"))
            }
        }

        @Test("A long poll ends when the deployment does")
        func longPoll() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let request = app.request(releaseCommand: SampleApp.endless)
                let id = try await app.start(request).decode(Deployment.self).id
                try await app.waitUntil(id, prints: "begun")
                async let polled = poll(platform, id)
                #expect(try await app.cancel(id).status == 202)
                let status = try await polled
                #expect(status == .canceled)
            }
        }

        private func poll(_ platform: TestPlatform, _ id: String) async throws -> DeploymentStatus {
            while true {
                let answer = try await platform.send("GET", "\(platform.path)/deployments/\(id)?wait=30")
                let status = try answer.decode(Deployment.self).status
                if status.isFinal { return status }
            }
        }
    }
}
