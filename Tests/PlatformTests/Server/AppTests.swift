import Diagnostics
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("Apps")
    struct AppTests {
        @Test("The platform says what it is and for whom the token stands")
        func description() async throws {
            try await withPlatform { platform in
                let answer = try await platform.send("GET", "/v1").decode(PlatformDescription.self)
                #expect(answer.version == "1")
                #expect(answer.platforms.map(\.os) == ["linux"])
                #expect(answer.artifactKinds == ["image", "zip"])
                #expect(Set(answer.features).isSuperset(of: ["git", "registry"]))
                #expect(try await platform.send("GET", "/v1/whoami").status == 200)
            }
        }

        @Test("Making an app twice is making it once")
        func create() async throws {
            try await withPlatform { platform in
                let body = ["user": platform.app.user, "name": "another"]
                let made = try await platform.send("POST", "/v1/apps", json: body)
                #expect(made.status == 201)
                let again = try await platform.send("POST", "/v1/apps", json: body)
                #expect(again.status == 200)
                #expect(again.body == made.body)
                #expect(try await platform.send("GET", "/v1/apps/\(platform.app.user)/another").body == made.body)
                let all = try await platform.send("GET", "/v1/apps").decode([App].self)
                #expect(all.map(\.name) == ["another", platform.app.app].sorted())
            }
        }

        @Test(
            "What cannot be the name of an app is refused",
            arguments: ["", "Upper", "-a", "a-", "a_b", "a/b", "..", "ä", String(repeating: "a", count: 41)])
        func names(name: String) async throws {
            try await withPlatform { platform in
                for body in [["user": "acme", "name": name], ["user": name, "name": "api"]] {
                    let answer = try await platform.send("POST", "/v1/apps", json: body)
                    #expect(try expectProblem(.configInvalid, 422, in: answer).hint?.isEmpty == false)
                }
                #expect(try await platform.send("GET", "/v1/apps").decode([App].self).count == 1)
            }
        }

        @Test("A body that is something else is refused, one that is too large is not read")
        func bodies() async throws {
            try await withPlatform { platform in
                for body in ["", "{", "[]", #"{"user":"acme"}"#, #"{"user":1,"name":"x"}"#] {
                    let answer = try await platform.send("POST", "/v1/apps", body: Array(body.utf8))
                    try expectProblem(.configInvalid, 422, in: answer)
                }
                let large = [UInt8](repeating: 0x20, count: 1 << 20) + Array("{}".utf8)
                let answer = try await platform.send("POST", "/v1/apps", body: large)
                try expectProblem(.configInvalid, 413, in: answer)
            }
        }

        @Test("What there is not is not found, whatever is asked of it")
        func unknown() async throws {
            try await withPlatform { platform in
                let paths = [
                    "/v1/apps/acme/none", "/v1/apps/acme/none/refs", "/v1/apps/acme/none/environments",
                    "/v1/apps/acme/none/environments/production/releases", "/v1/apps/acme/none/deployments/dpl_1",
                    "/v1/apps/acme/none/deployments/dpl_1/events", "/v1/apps/Acme/none", "/v1/nothing",
                    "\(platform.path)/environments/production/releases", "\(platform.path)/deployments/dpl_1",
                    "\(platform.path)/deployments/dpl_1/events",
                ]
                for path in paths {
                    try expectProblem(.appNotFound, 404, in: try await platform.send("GET", path))
                }
                let changes = [RefChange(ref: "refs/tags/v1", old: nil, new: nil)]
                let refs = try await platform.send("POST", "/v1/apps/acme/none/refs", json: changes)
                try expectProblem(.appNotFound, 404, in: refs)
                for (method, path) in [("PUT", "/v1/apps"), ("DELETE", platform.path), ("POST", "/healthz")] {
                    let answer = try await platform.send(method, path)
                    try expectProblem(.appNotFound, 404, in: answer)
                }
            }
        }
    }
}
