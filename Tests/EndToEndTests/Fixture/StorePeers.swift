import Foundation
import Testing

/// Stores of others that take artifacts, on loopback; they end with the sandbox.
extension Sandbox {
    /// Starts Debian's docker-registry.
    ///
    /// - Returns: its host and port, such as `localhost:4711`.
    func startRegistry() async throws -> String {
        let file = "\(root)/registry.yml"
        try Data(
            """
            version: 0.1
            log: {level: info, formatter: text}
            storage: {filesystem: {rootdirectory: \(root)/registry}}
            http: {addr: "127.0.0.1:0"}
            """.utf8
        ).write(to: URL(fileURLWithPath: file))
        return "localhost:"
            + (try await port(
                of: try startServer(["docker-registry", "serve", file]), after: "listening on 127.0.0.1:"))
    }

    /// Starts moto, which plays S3, with an empty bucket `acme`.
    ///
    /// - Returns: the variables of somebody who has a key.
    func startBucket() async throws -> [String: String] {
        let python = ProcessInfo.processInfo.environment["BIM_PEERS"].map { $0 + "/bin/python3" } ?? "python3"
        let server = try startServer([python, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
        let endpoint = "http://127.0.0.1:" + (try await port(of: server, after: "Running on http://127.0.0.1:"))
        try await run(["curl", "--silent", "--fail", "-X", "PUT", endpoint + "/acme"]).success()
        return [
            "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hush",
            "AWS_REGION": "us-east-1",
        ]
    }

    private func port(of server: ChildProcess, after words: String) async throws -> String {
        try await server.says(words)
        let said = server.stderr
        let begin = try #require(said.range(of: words)).upperBound
        return String(said[begin...].prefix { $0.isNumber })
    }
}
