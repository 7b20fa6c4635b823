import Foundation
import Testing

/// Artifacts that go to a store of others, from where the platform fetches them.
struct StoreTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private static func isHere(_ program: String) -> Bool {
        ProcessInfo.processInfo.environment["CI"] == "true" || access(program, X_OK) == 0
    }

    private func port(of server: ChildProcess, after words: String) async throws -> String {
        try await eventually("the server listens") {
            let said = server.stdout + server.stderr
            guard let found = said.range(of: words) else { return nil }
            let digits = said[found.upperBound...].prefix { $0.isNumber }
            return digits.isEmpty ? nil : String(digits)
        }
    }

    @Test(
        "Images and ZIPs go to a registry of others and run from there",
        .enabled(if: Self.isHere("/usr/bin/docker-registry"), "docker-registry is not installed"))
    func registry() async throws {
        let project = try await Project(in: sandbox)
        try project.write(
            "../registry.yml",
            """
            version: 0.1
            log: {level: info, formatter: text}
            storage: {filesystem: {rootdirectory: \(sandbox.root)/store}}
            http: {addr: "127.0.0.1:0"}

            """)
        let server = try sandbox.start(["docker-registry", "serve", "\(sandbox.root)/registry.yml"])
        let host = "localhost:\(try await port(of: server, after: "listening on 127.0.0.1:"))"
        try project.write("bim.yml", "registry: \(host)/team/api\n")
        try await project.commitApp(answering: "image")
        let pushed = try await project.push().success()
        #expect(pushed.stderr.contains("upload  \(host)/team/api, 1 of 1 layers"), "\(pushed)")
        #expect(try await project.answer() == "image")
        try project.write("bim.yml", "registry: \(host)/team/api\nartifact: zip\n")
        try await project.commitApp(answering: "zip")
        try await project.push().success()
        #expect(try await project.answer() == "zip")
        #expect(server.isRunning)
    }

    @Test(
        "A platform without a key runs what lies in S3, by presigned URLs that stay secret",
        .enabled(if: S3.isExpected, "moto is not installed"), arguments: ["image", "zip"])
    func bucket(kind: String) async throws {
        let project = try await Project(in: sandbox)
        let server = try sandbox.start([S3.python, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
        let endpoint = "http://127.0.0.1:\(try await port(of: server, after: "Running on http://127.0.0.1:"))"
        try await sandbox.run(["curl", "--silent", "--fail", "--request", "PUT", "\(endpoint)/acme"]).success()
        // Started by somebody who has no key.
        try await project.git("bim platform start", ["AWS_EC2_METADATA_DISABLED": "true"]).success()
        try project.write("bim.yml", "registry: s3://acme/deep\nartifact: \(kind)\n")
        try await project.commitApp(answering: kind)
        let key = [
            "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_REGION": "us-east-1", "BIM_TRACE": "1",
        ]
        let pushed = try await project.push("main", key).success()
        #expect(pushed.stderr.contains("s3://acme/deep/local/\(sandbox.app)"), "\(pushed)")
        #expect(!pushed.stderr.contains("X-Amz-"))
        #expect(try await project.answer() == kind)
        let search = try await sandbox.run(
            ["grep", "-r", "-l", "-a", "-F", "X-Amz-", "\(sandbox.root)/home", "\(project.folder)/.git"])
        try search.failure()
    }
}

/// moto comes from PyPI: `scripts/peers.sh` installs it, and says where. It may be missing on a laptop, never in CI.
private enum S3 {
    static let python = ProcessInfo.processInfo.environment["BIM_PEERS"].map { $0 + "/bin/python3" } ?? "python3"
    static let isExpected =
        ProcessInfo.processInfo.environment["CI"] == "true"
        || ProcessInfo.processInfo.environment["BIM_PEERS"] != nil
}
