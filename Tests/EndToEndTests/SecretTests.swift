import Foundation
import Testing

/// Where the platform's token may be seen, and who can reach the platform.
struct SecretTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    /// The token and the form in which HTTP carries it.
    private func secrets() throws -> [String] {
        let token = try #require(sandbox.token)
        return [token, Data("bim:\(token)".utf8).base64EncodedString()]
    }

    @Test("No trace of git, no output and no list of arguments shows the token")
    func traces() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one", before: "time.sleep(1)")
        let tracing = [
            "GIT_TRACE": "1", "GIT_CURL_VERBOSE": "1", "GIT_TRACE_CURL": "1", "GIT_TRACE_PACKET": "1",
            "GIT_TRACE_SETUP": "1",
            "GIT_TRACE2": "1", "GIT_TRACE2_EVENT": "1",
        ]
        let push = try project.startPush("--verbose main", tracing)
        var arguments: Set<String> = []
        _ = try await eventually("the push ends") {
            arguments.formUnion(ProcessFacts.all().flatMap(\.arguments))
            return push.isRunning ? nil : true
        }
        let pushed = try await push.finish().success()
        let fetched = try await project.git("fetch bim", tracing).success()
        for secret in try secrets() {
            for text in [pushed.stdout, pushed.stderr, fetched.stdout, fetched.stderr] {
                #expect(!text.contains(secret))
            }
            #expect(arguments.allSatisfy { !$0.contains(secret) })
        }
        #expect(
            arguments.contains { $0.hasSuffix("git-remote-bim") || $0 == "remote-bim" }, "the list was read too late")
    }

    @Test("The token lies in one file, for its owner alone, below folders that nobody else may enter")
    func files() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        try await project.push().success()
        try await project.git("fetch bim").success()
        let secrets = try secrets()
        var holders: [String] = []
        let enumerator = try #require(FileManager.default.enumerator(atPath: sandbox.root))
        for case let path as String in enumerator {
            guard let data = FileManager.default.contents(atPath: "\(sandbox.root)/\(path)") else { continue }
            if secrets.contains(where: { data.range(of: Data($0.utf8)) != nil }) { holders.append(path) }
        }
        #expect(holders == ["home/data/bim/platform/token"])
        #expect(try permissions(sandbox.platformFolder + "/token") == 0o600)
        for folder in [sandbox.platformFolder, sandbox.cacheFolder, "\(sandbox.root)/home/state/bim"] {
            #expect(try permissions(folder) & 0o077 == 0, "\(folder)")
        }
    }

    @Test("Nothing of the platform or its apps listens beyond loopback")
    func loopback() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        try await project.push().success()
        var inodes: Set<String> = []
        for process in sandbox.processes().compactMap(ProcessFacts.init) { inodes.formUnion(process.sockets) }
        let addresses = try listeningSockets().filter { inodes.contains($0.inode) }.map(\.address)
        #expect(
            addresses.count >= 3,
            "the API, the environment and the app listen: \(sandbox.processes().compactMap(ProcessFacts.init).map { ($0.arguments.prefix(3), $0.sockets) })"
        )
        #expect(addresses.allSatisfy { $0 == "0100007F" || $0 == "00000000000000000000000001000000" }, "\(addresses)")
    }

    @Test("The API answers nobody who has no token, and an app cannot read the token")
    func access() async throws {
        let project = try await Project(in: sandbox)
        try await project.commit(
            "Look around",
            [
                "app.py": SampleApp.answering(
                    "one",
                    before: """
                        def readable(path):
                            try:
                                return len(open(path).read())
                            except OSError:
                                return "no"
                        print("token", readable("\(sandbox.platformFolder)/token"), flush=True)
                        print("home", os.path.exists("\(sandbox.root)/home"), flush=True)
                        print("variables", [name for name, value in os.environ.items() if "bim_" in value], flush=True)
                        sys.exit(3)
                        """)
            ])
        let push = try await project.push().failure()
        #expect(push.stderr.contains("| token no\n"), "\(push)")
        #expect(push.stderr.contains("| home False\n"), "\(push)")
        #expect(push.stderr.contains("| variables []\n"), "\(push)")
        let endpoint = try #require(sandbox.endpoint)
        for path in ["/v1/", "/v1/apps/local/\(sandbox.app)/refs", "/v2/", "/local/\(sandbox.app).git/info/refs"] {
            let answer = try await WebClient.get("http://127.0.0.1:\(endpoint.port)\(path)")
            #expect(answer.status == 401, "\(path)")
        }
    }

    private func listeningSockets() throws -> [(address: String, inode: String)] {
        try ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { file in
            // A file of /proc has no size, so it is read to its end.
            let data = try FileHandle(forReadingFrom: URL(fileURLWithPath: file)).readToEnd() ?? Data()
            let rows = String(decoding: data, as: UTF8.self).split(separator: "\n").dropFirst()
            return rows.compactMap { row -> (address: String, inode: String)? in
                let fields = row.split(separator: " ").map(String.init)
                return fields[3] == "0A" ? (fields[1].components(separatedBy: ":")[0], fields[9]) : nil
            }
        }
    }

    private func permissions(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }
}
