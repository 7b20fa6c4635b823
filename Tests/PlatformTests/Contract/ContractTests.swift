import Artifacts
import Foundation
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("The API's description and a running platform")
    struct ContractTests {
        @Test("Every operation that is described is spoken, and answered as described")
        func all() async throws {
            try await withPlatform { platform in
                try await askPlatform(platform)
                let app = try await DeployableApp(on: platform)
                try await askApp(app)
                try await askDeployments(app)
                try await askRegistry(platform)
                try await askGit(platform)
                let described = try APIDescription.load().operations.map(\.name)
                #expect(described.count > 20)
                #expect(Set(described).subtracting(platform.exercised).sorted() == [])
            }
        }

        private func askPlatform(_ platform: TestPlatform) async throws {
            for path in ["/healthz", "/v1", "/v1/whoami", "/v1/apps", platform.path] {
                #expect(try await platform.send("GET", path).status == 200)
            }
        }

        private func askApp(_ app: DeployableApp) async throws {
            let platform = app.platform
            let tag = [RefChange(ref: "refs/tags/v1", old: nil, new: app.commit)]
            #expect(try await platform.send("POST", "\(platform.path)/refs", json: tag).status == 200)
            var held = app.request()
            held.hold = true
            let id = try await app.start(held).decode(Deployment.self).id
            for try await event in app.events(of: id) where event.phase == "held" { break }
            #expect(try await platform.send("POST", "\(platform.path)/deployments/\(id)/switch").status == 202)
            #expect(try await app.end(of: id).status == .healthy)
            for path in ["refs", "environments", "environments/production/releases"] {
                let answer = try await platform.send("GET", "\(platform.path)/\(path)")
                #expect(answer.status == 200)
                #expect(answer.text != "[]", "something to hold against the description")
            }
            let environment = "\(platform.path)/environments/production"
            let patch: ConfigPatch = ["GREETING": ConfigValue(value: "hello", secret: false)]
            #expect(
                try await platform.send("PATCH", "\(platform.path)/environments/new/config", json: patch).status == 200)
            let change = try await platform.send("PATCH", "\(environment)/config", json: patch)
            #expect(change.status == 202)
            _ = try await app.end(of: try #require(try change.decode(ConfigChange.self).deployment).id)
            #expect(try await platform.send("GET", "\(environment)/config").status == 200)
            let rollback = try await platform.send(
                "POST", "\(environment)/rollback", json: RollbackRequest(release: nil, client: "tests/1"))
            #expect(rollback.status == 202)
            _ = try await app.end(of: try rollback.decode(Deployment.self).id)
            #expect(try await platform.send("GET", "\(environment)/logs").status == 200)
            let removed = try await platform.send(
                "DELETE", "\(platform.path)/environments/production", headers: ["If-Match": "\"\(app.commit)\""])
            #expect(removed.status == 204)
        }

        private func askDeployments(_ app: DeployableApp) async throws {
            let platform = app.platform
            let request = app.request(releaseCommand: SampleApp.endless)
            let id = try await app.start(request).decode(Deployment.self).id
            try await app.waitUntil(id, prints: "begun")
            #expect(try await app.cancel(id).status == 202)
            _ = try await app.end(of: id)
            let failed = try await app.deploy(app.request(processes: ["web": "echo no; exit 1"]))
            #expect(failed.status == .failed)
            for path in ["", "/\(id)", "/\(failed.id)", "/\(failed.id)/events", "/\(id)/events"] {
                #expect(try await platform.send("GET", "\(platform.path)/deployments\(path)").status == 200)
            }
            let lines = try await platform.send(
                "GET", "\(platform.path)/deployments/\(id)/events", headers: ["Accept": "application/jsonl"])
            #expect(lines.mediaType == "application/jsonl")
        }

        private func askRegistry(_ platform: TestPlatform) async throws {
            #expect(try await platform.send("GET", "/v2").status == 200)
            let blob = Array("a blob".utf8)
            let digest = Digest.sha256(of: blob)
            let uploads = "\(platform.registry)/blobs/uploads/"
            for end in ["PUT", "DELETE"] {
                let upload = try #require(try await platform.send("POST", uploads).headers["location"])
                #expect(try await platform.send("PATCH", upload, body: blob).status == 202)
                #expect(try await platform.send("GET", upload).status == 204)
                #expect(try await platform.send(end, "\(upload)?digest=\(digest)").status < 300)
            }
            try await platform.upload(try SampleImage("another"), as: "v1")
            for method in ["GET", "HEAD"] {
                #expect(try await platform.send(method, "\(platform.registry)/blobs/\(digest)").status == 200)
                #expect(try await platform.send(method, "\(platform.registry)/manifests/v1").status == 200)
            }
            #expect(try await platform.send("GET", "\(platform.registry)/tags/list").status == 200)
        }

        /// Speaks git's own words (gitprotocol-v2, gitprotocol-pack), so that the answers can be looked at.
        private func askGit(_ platform: TestPlatform) async throws {
            let repository = "/\(platform.app).git"
            for service in ["git-upload-pack", "git-receive-pack"] {
                let answer = try await platform.send("GET", "\(repository)/info/refs?service=\(service)")
                #expect(answer.status == 200)
                #expect(answer.text.hasPrefix("001") && answer.text.contains("# service=\(service)\n0000"))
            }
            let fetched = try await platform.send(
                "POST", "\(repository)/git-upload-pack",
                headers: ["Content-Type": "application/x-git-upload-pack-request", "Git-Protocol": "version=2"],
                body: Array("0014command=ls-refs\n0000".utf8))
            #expect(fetched.status == 200)
            #expect(fetched.text.hasSuffix("0000"))
            let archived = try await platform.send(
                "POST", "\(repository)/git-upload-archive",
                headers: ["Content-Type": "application/x-git-upload-archive-request"],
                body: Array("0012argument HEAD\n0000".utf8))
            #expect(archived.status == 200)
            let pushed = try await platform.send(
                "POST", "\(repository)/git-receive-pack",
                headers: ["Content-Type": "application/x-git-receive-pack-request"], body: Array("0000".utf8))
            #expect(pushed.status == 200)
        }
    }
}
