import Diagnostics
import Foundation
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("The webhook of an environment")
    struct WebhookTests {
        private static let key = Array("a key that nobody else knows".utf8)
        private static let secret = "whsec_" + Data(key).base64EncodedString()

        private func path(_ platform: TestPlatform) -> String { "\(platform.path)/environments/production/webhook" }

        @Test("It is told of each end, signed; its secret is in no answer, event, log or file but the ledger")
        func told() async throws {
            let folder = try TemporaryFolder()
            try await withPlatform(in: folder) { platform in
                let receiver = WebhookReceiver()
                let set = try await platform.send(
                    "PUT", path(platform), json: WebhookRequest(url: receiver.url, secret: Self.secret))
                #expect(try set.decode(Webhook.self).url == receiver.url)
                let app = try await DeployableApp(on: platform)

                let good = try await app.deploy(app.request())
                let first = try #require(await receiver.next())
                #expect(first.isSigned(with: Self.key))
                #expect(first.headers["content-type"] == "application/json")
                let live = try first.message
                #expect(live.app == "\(platform.app)")
                #expect(live.environment == "production")
                #expect(live.deployment == good.id)
                #expect(live.status == .healthy)
                #expect(live.release == 1)
                #expect(live.commit == app.commit)
                #expect(live.url == good.url)
                #expect(live.code == nil)

                let bad = try await app.deploy(app.request(old: app.commit, processes: ["web": "exit 3"]))
                let second = try #require(await receiver.next())
                #expect(second.isSigned(with: Self.key))
                #expect(try second.message.deployment == bad.id)
                #expect(try second.message.status == .failed)
                #expect(try second.message.code == .crashed)
                #expect(first.headers["webhook-id"] != second.headers["webhook-id"])

                var said = [set.text, String(decoding: first.body + second.body, as: UTF8.self)]
                for target in [path(platform), "\(platform.path)/environments", "\(platform.path)/deployments"] {
                    said.append(try await platform.send("GET", target).text)
                }
                for id in [good.id, bad.id] {
                    said.append(try await platform.send("GET", "\(platform.path)/deployments/\(id)/events").text)
                }
                #expect(said.allSatisfy { !$0.contains(Self.secret) })
            }
            let holders = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { name in
                FileManager.default.contents(atPath: "\(folder.path)/\(name)")?.range(of: Data(Self.secret.utf8)) != nil
            }
            #expect(!holders.isEmpty)
            #expect(holders.allSatisfy { $0.hasPrefix("platform/ledger.sqlite") }, "\(holders)")
        }

        @Test(
            "A URL that is not encrypted on its way, or has a password in it, is refused",
            arguments: [
                "http://ci.example.com/", "http://127.0.0.1@ci.example.com/", "http://127.0.0.1:1@ci.example.com/",
                "https://me:hush@ci.example.com/", "ftp://127.0.0.1/", "https://", "", "https://ci.example.com/a b",
                "https://ci.example.com/" + String(repeating: "a", count: 2048),
            ])
        func refused(url: String) async throws {
            try await withPlatform { platform in
                let answer = try await platform.send(
                    "PUT", path(platform), json: WebhookRequest(url: url, secret: Self.secret))
                #expect(answer.status == 422)
                #expect(!answer.text.contains("hush"))
                #expect(try await platform.send("GET", path(platform)).status == 404)
            }
        }

        @Test("A secret that is too short is refused, and a webhook that was removed is gone")
        func removed() async throws {
            try await withPlatform { platform in
                let url = "https://ci.example.com/"
                let short = try await platform.send(
                    "PUT", path(platform), json: WebhookRequest(url: url, secret: "short"))
                #expect(short.status == 422)
                #expect(
                    try await platform.send(
                        "PUT", path(platform), json: WebhookRequest(url: url, secret: Self.secret)
                    ).status == 200)
                #expect(try await platform.send("DELETE", path(platform)).status == 204)
                for method in ["GET", "DELETE"] {
                    #expect(try await platform.send(method, path(platform)).status == 404)
                }
            }
        }
    }
}
