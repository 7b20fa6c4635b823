import Foundation
import PlatformAPI
import Testing

@testable import Deployers

/// How a git of ours reaches a platform.
struct GitAccessTests {
    @Test("The token goes by the environment, behind what git -c has put there, and never by an argument")
    func access() async throws {
        let connection = try await PlatformConnection(
            .api(baseURL: "https://h", AppID(user: "u", app: "a")),
            environment: ["BIM_TOKEN": "secret", "BIM_TOKEN_HOST": "h"],
            onStart: nil)
        let variables = GitAccess(connection).environment(["GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b"])
        let count = try #require(variables["GIT_CONFIG_COUNT"].flatMap { Int($0) })
        #expect(variables["GIT_CONFIG_KEY_0"] == "a.b")
        #expect(variables["GIT_CONFIG_KEY_\(count - 1)"] == "http.https://h/u/a.git.extraHeader")
        #expect(variables["GIT_CONFIG_KEY_1"] == "url.https://h/u/a.git.insteadOf")
        #expect(
            variables["GIT_CONFIG_VALUE_\(count - 1)"]
                == "Authorization: Basic \(Data("bim:secret".utf8).base64EncodedString())")
        #expect(!connection.gitURL.contains("secret"))
    }
}
