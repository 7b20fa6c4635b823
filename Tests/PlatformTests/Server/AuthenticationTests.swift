import Artifacts
import Diagnostics
import Foundation
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("Authentication")
    struct AuthenticationTests {
        /// A place of each service, and one that is none.
        private static func places(_ platform: TestPlatform) -> [String] {
            [
                "/v1", "/v1/apps", platform.path, "/v2", "\(platform.registry)/tags/list",
                "/\(platform.app).git/info/refs?service=git-upload-pack", "/nothing/here",
            ]
        }

        @Test("Without the token every place is closed, and says how to open it")
        func closed() async throws {
            try await withPlatform { platform in
                let token = platform.token
                let wrong: [TestPlatform.Credentials] = [
                    .none, .header("Bearer wrong"), .header("Bearer"), .header("Bearer \(token)x"),
                    .header("Bearer \(token.dropLast())"), .header("Digest \(token)"), .header(token),
                    .header("Basic %%%"), .header("Basic " + Data("x:wrong".utf8).base64EncodedString()),
                    .header("Basic " + Data("\(token):".utf8).base64EncodedString()),
                    .header("Basic " + Data(token.utf8).base64EncodedString()),
                ]
                for place in Self.places(platform) {
                    for credentials in wrong {
                        let answer = try await platform.send("GET", place, as: credentials)
                        let problem = try expectProblem(.unauthenticated, 401, in: answer)
                        #expect(problem.hint?.isEmpty == false)
                        #expect(answer.headers["www-authenticate"] == "Basic realm=\"bim\", charset=\"UTF-8\"")
                        #expect(!answer.text.contains(token))
                    }
                }
            }
        }

        @Test("The token opens all three services, as a bearer token and as a Basic password")
        func open() async throws {
            try await withPlatform { platform in
                for place in Self.places(platform).dropLast() {
                    for credentials in [TestPlatform.Credentials.bearer, .basic] {
                        #expect(try await platform.send("GET", place, as: credentials).status == 200)
                    }
                }
                let lowerCase = try await platform.send("GET", "/v1", as: .header("bearer \(platform.token)"))
                #expect(lowerCase.status == 200)
                let nothing = try await platform.send("GET", "/nothing/here")
                try expectProblem(.appNotFound, 404, in: nothing)
            }
        }

        @Test("Whether the platform lives is told to everybody")
        func health() async throws {
            try await withPlatform { platform in
                let answer = try await platform.send("GET", "/healthz", as: .none)
                #expect(answer.status == 200)
                #expect(try answer.decode([String: String].self) == ["status": "ok"])
            }
        }

        @Test("A request without the token changes nothing")
        func noChange() async throws {
            try await withPlatform { platform in
                let body = Array(#"{"user":"acme","name":"sneaked"}"#.utf8)
                let answer = try await platform.send(
                    "POST", "/v1/apps", headers: ["Content-Type": "application/json"], body: body, as: .none)
                #expect(answer.status == 401)
                let blob = try await platform.send(
                    "POST", "\(platform.registry)/blobs/uploads/?digest=\(Digest.sha256(of: body))", body: body,
                    as: .none)
                #expect(blob.status == 401)
                #expect(try await platform.send("GET", "/v1/apps/acme/sneaked").status == 404)
                let check = "\(platform.registry)/blobs/\(Digest.sha256(of: body))"
                #expect(try await platform.send("HEAD", check).status == 404)
            }
        }
    }
}
