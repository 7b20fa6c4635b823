import Artifacts
import Foundation
import Glibc
import PlatformAPI
import ProcessRunner
import Testing

extension ServerTests {
    @Suite("The registry and skopeo", .enabled(if: Skopeo.mayRun, "skopeo is not installed"))
    struct RegistryPeerTests {
        @Test("skopeo reads an image and writes it to another repository, the same to the byte")
        func copy() async throws {
            try await withPlatform { platform in
                let image = try SampleImage()
                try await platform.upload(image, as: "v1")
                _ = try await platform.send("POST", "/v1/apps", json: ["user": "acme", "name": "copied"])
                let skopeo = try Skopeo(for: platform)
                try await skopeo.run(
                    "copy", "--src-tls-verify=false", skopeo.address(platform.app.description, "v1"),
                    "oci:\(skopeo.folder.path)/image:v1")
                try await skopeo.run(
                    "copy", "--dest-tls-verify=false", "oci:\(skopeo.folder.path)/image:v1",
                    skopeo.address("acme/copied", "v2"))
                let copied = try await platform.send("GET", "/v2/acme/copied/manifests/v2")
                #expect(copied.body == image.manifest)
                #expect(copied.headers["docker-content-digest"] == image.digest.description)
                let tags = try await skopeo.run(
                    "list-tags", "--tls-verify=false", skopeo.address("acme/copied"))
                #expect(tags.contains("\"v2\""))
            }
        }

        @Test("skopeo without the token gets nothing")
        func unauthenticated() async throws {
            try await withPlatform { platform in
                try await platform.upload(try SampleImage(), as: "v1")
                let skopeo = try Skopeo(for: platform, token: "wrong")
                let answer = try await skopeo.attempt([
                    "inspect", "--tls-verify=false", skopeo.address(platform.app.description, "v1"),
                ])
                #expect(!answer.status.isSuccess)
                #expect(answer.errorText.contains("unauthorized") || answer.errorText.contains("401"))
            }
        }
    }
}

/// The program of others that reads and writes registries, with the platform's token in a file of its own.
private struct Skopeo {
    /// On a laptop its tests are skipped where it is missing; in CI they fail.
    static var mayRun: Bool {
        ProcessInfo.processInfo.environment["CI"] == "true" || access("/usr/bin/skopeo", X_OK) == 0
    }

    let folder: TemporaryFolder
    private let host: String

    init(for platform: TestPlatform, token: String? = nil) throws {
        folder = try TemporaryFolder()
        host = "127.0.0.1:\(platform.port)"
        let credentials = Data("x:\(token ?? platform.token)".utf8).base64EncodedString()
        try folder.write(#"{"auths":{"\#(host)":{"auth":"\#(credentials)"}}}"#.utf8, to: "auth.json")
    }

    func address(_ repository: String, _ tag: String? = nil) -> String {
        "docker://\(host)/\(repository)" + (tag.map { ":\($0)" } ?? "")
    }

    @discardableResult
    func run(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let answer = try await attempt(arguments)
        try #require(answer.status.isSuccess, "\(answer.errorText)", sourceLocation: sourceLocation)
        return answer.text
    }

    func attempt(_ arguments: [String]) async throws -> Captured {
        let environment = [
            "PATH": "/usr/bin:/bin", "HOME": folder.path, "TMPDIR": folder.path,
            "REGISTRY_AUTH_FILE": folder.path + "/auth.json",
        ]
        return try await Command("skopeo", ["--insecure-policy"] + arguments, environment: environment)
            .capture(deadline: .seconds(100))
    }
}
