import Diagnostics
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("The configuration of an environment")
    struct ConfigTests {
        private static let printing = "echo \"GREETING=$GREETING TOKEN=$TOKEN\"; "

        private func change(_ platform: TestPlatform, _ patch: ConfigPatch) async throws -> WebAnswer {
            try await platform.send("PATCH", "\(platform.path)/environments/production/config", json: patch)
        }

        /// What the release of a deployment has printed first.
        private func printed(_ app: DeployableApp, _ answer: WebAnswer) async throws -> String? {
            let id = try #require(try answer.decode(ConfigChange.self).deployment).id
            #expect(try await app.end(of: id).status == .healthy)
            return try await app.allEvents(of: id).first { $0.type == .log }?.message
        }

        @Test("A change makes a new release that sees it; a secret is told to nobody; a rollback has what it had")
        func change() async throws {
            try await withPlatform { platform in
                let first = try await change(platform, ["GREETING": ConfigValue(value: "hello", secret: false)])
                #expect(first.status == 200)
                #expect(try first.decode(ConfigChange.self).deployment == nil)
                let app = try await DeployableApp(on: platform)
                let deployment = try await app.deploy(
                    app.request(processes: ["web": Self.printing + SampleApp.web]))
                let line = try await app.allEvents(of: deployment.id).first { $0.type == .log }?.message
                #expect(line == "GREETING=hello TOKEN=")

                let second = try await change(
                    platform, ["GREETING": nil, "TOKEN": ConfigValue(value: "hush", secret: true)])
                #expect(second.status == 202)
                #expect(!second.text.contains("hush"))
                #expect(try await printed(app, second) == "GREETING= TOKEN=hush")
                let shown = try await platform.send("GET", "\(platform.path)/environments/production/config")
                #expect(
                    try shown.decode([ConfigVariable].self) == [ConfigVariable(name: "TOKEN", value: nil, secret: true)]
                )
                #expect(try await app.releases().map(\.number) == [2, 1])

                let rollback = try await platform.send(
                    "POST", "\(platform.path)/environments/production/rollback",
                    json: RollbackRequest(release: nil, client: "tests/1"))
                let back = try await app.end(of: try rollback.decode(Deployment.self).id)
                #expect(
                    try await app.allEvents(of: back.id).first { $0.type == .log }?.message == "GREETING=hello TOKEN=")
            }
        }

        @Test("Names of the platform's own, and what is no name, are refused and change nothing")
        func refused() async throws {
            try await withPlatform { platform in
                for name in ["PORT", "HOST", "BIM_APP", "1A", "a-b", ""] {
                    let answer = try await change(
                        platform,
                        ["GOOD": ConfigValue(value: "x", secret: false), name: ConfigValue(value: "x", secret: false)])
                    #expect(answer.status == 422, "\(name)")
                }
                let shown = try await platform.send("GET", "\(platform.path)/environments/production/config")
                #expect(shown.text == "[]")
            }
        }
    }
}
