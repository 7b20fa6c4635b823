import Diagnostics
import Foundation
import Glibc
import PlatformAPI
import ProcessRunner
import Testing

extension ServerTests {
    @Suite("The platform's next process")
    struct RestartTests {
        private let folder: TemporaryFolder
        private let app = AppID(user: "acme", app: "app-" + String(UInt32.random(in: 0...UInt32.max), radix: 36))

        init() throws {
            folder = try TemporaryFolder()
        }

        /// An app that waits for somebody to open the pipe `bell` before it starts, where there is one.
        private static let ringing = "if [ -p bell ]; then echo up > bell; fi\n" + SampleApp.web

        @Test("What was live is live again, at the same URL, with the same token and history")
        func restored() async throws {
            var before: Deployment?
            var token = ""
            try await withPlatform(in: folder, app: app) { platform in
                let app = try await DeployableApp(on: platform)
                before = try await app.deploy(app.request(processes: ["web": Self.ringing]))
                token = platform.token
            }
            let live = try #require(before)
            let url = try #require(live.url)
            await #expect(throws: Web.NoAnswer.self) { try await Web.get(url) }
            let bell = try #require(Self.makeBell(below: folder.path))
            try await withPlatform(in: folder, app: app) { platform in
                #expect(platform.token == token)
                let rung = try await Command("cat", [bell], environment: TestPlatform.environment)
                    .capture(deadline: .seconds(100))
                #expect(rung.text == "up\n")
                // The environment's port is open by now, and whoever comes before the app is ready waits.
                #expect(try await Web.get(url) == "ok")
                let shown = try await platform.send("GET", "\(platform.path)/deployments/\(live.id)")
                #expect(try shown.decode(Deployment.self) == live)
                let environments = try await platform.send("GET", "\(platform.path)/environments")
                #expect(try environments.decode([Environment].self).map(\.liveRelease) == [1])
                let app = try await DeployableApp(on: platform)
                let next = try await app.deploy(app.request(old: app.commit))
                #expect(next.status == .healthy)
                #expect(next.release == 2)
                #expect(next.url == url)
            }
        }

        @Test("A deployment that was under way has failed, and the environment is free")
        func interrupted() async throws {
            var id = ""
            try await withPlatform(in: folder, app: app) { platform in
                let app = try await DeployableApp(on: platform)
                id = try await app.start(app.request(releaseCommand: SampleApp.endless)).decode(Deployment.self).id
                try await app.waitUntil(id, prints: "begun")
            }
            try await withPlatform(in: folder, app: app) { platform in
                let app = try await DeployableApp(on: platform)
                let deployment = try await app.end(of: id)
                #expect(deployment.status == .failed)
                #expect(deployment.failure?.code == .platformRestarted)
                #expect(try await app.deploy(app.request()).status == .healthy)
            }
        }

        @Test("A repository that fell behind follows the ledger again")
        func repository() async throws {
            var commit = ""
            try await withPlatform(in: folder, app: app) { platform in
                let app = try await DeployableApp(on: platform)
                _ = try await app.deploy(app.request())
                commit = app.commit
                let bare = "\(platform.home.repositories)/\(platform.app).git"
                try await app.source.git("--git-dir=\(bare)", "update-ref", "-d", "refs/heads/main")
                try await app.source.git("--git-dir=\(bare)", "update-ref", "refs/heads/stray", commit)
            }
            try await withPlatform(in: folder, app: app) { platform in
                let git = try await GitClient()
                let refs = try await git.git("ls-remote", platform.gitURL, "refs/heads/*")
                #expect(refs == "\(commit)\trefs/heads/main")
            }
        }

        @Test("A second platform for the same data is refused")
        func second() async throws {
            try await withPlatform(in: folder, app: app) { platform in
                let error = await #expect(throws: UserError.self) {
                    try await withPlatform(in: folder, app: app) { _ in }
                }
                #expect(error?.code == .platformUnavailable)
                let health = try await platform.send("GET", "/healthz")
                #expect(health.status == 200)
            }
        }

        /// Puts the pipe `bell` beside the file of the one image that was unpacked.
        private static func makeBell(below folder: String) -> String? {
            let file = FileManager.default.enumerator(atPath: folder)?.first {
                ($0 as? String)?.hasSuffix("app/hello") == true
            }
            guard let file = file as? String else { return nil }
            let bell = "\(folder)/\(file.dropLast("hello".count))bell"
            return mkfifo(bell, 0o600) == 0 ? bell : nil
        }
    }
}
