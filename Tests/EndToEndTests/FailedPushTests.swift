import Foundation
import Testing

/// A deploy that fails is a rejected push, and what was live before goes on.
struct FailedPushTests {
    /// A broken app and how its push is refused.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let files: [String: String]
        /// The begin of what stands in git's parentheses.
        let reason: String
        /// What else is said, in this order.
        let says: [String]

        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "crash at start-up", files: ["app.py": SampleApp.crashing],
            reason: "CRASHED: 'web' exited with status 1)",
            says: [
                "deploy  'web' exited with status 1", "          | reading the settings\n",
                "          | KeyError: 'DATABASE_URL'\n",
                "error: ", "\nhint: ",
            ]),
        Case(
            name: "never listens", files: ["app.py": SampleApp.silent, "bim.yml": "health: { timeout: 3 }\n"],
            reason: "PORT_NOT_BOUND: ",
            says: ["error: 'web' did not listen", "within 3 s; it listens nowhere", "\nhint: ", "PORT"]),
        Case(
            name: "listens on another port",
            files: [
                "app.py": "import socket, time\ns = socket.create_server((\"127.0.0.1\", 0))\ntime.sleep(3600)\n",
                "bim.yml": "health: { timeout: 3 }\n",
            ], reason: "PORT_NOT_BOUND: ",
            says: ["error: 'web' did not listen", "it listens on 127.0.0.1:", "\nhint: "]),
        Case(
            name: "answers 500 on its health path",
            files: [
                "app.py": SampleApp.answering("broken", status: 500),
                "bim.yml": "health: { path: /health, timeout: 3 }\n",
            ], reason: "HEALTH_CHECK_FAILED: ",
            says: ["error: 'web' did not become healthy within 3 s", "GET /health 500", "\nhint: "]),
        Case(
            name: "release command fails", files: ["bim.yml": "release: echo migrating; exit 7\n"],
            reason: "RELEASE_COMMAND_FAILED: the release command exited with status 7)",
            says: ["          | migrating\n", "error: the release command exited with status 7\n", "hint: "]),
        Case(
            name: "unknown key", files: ["bim.yml": "app: x\nhealth:\n  tiemout: 3\n"],
            reason: "CONFIG_INVALID: bim.yml:3: unknown key 'tiemout' in 'health'; did you mean 'timeout'?)",
            says: ["error: bim.yml:3: ", "\nhint: "]),
        Case(
            name: "broken YAML", files: ["bim.yml": "health: [\n"], reason: "CONFIG_INVALID: bim.yml:",
            says: ["error: ", "\nhint: "]),
    ]

    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    @Test(
        "A broken commit is a rejected push with code, reason and hint; the old release answers and the branch stays",
        arguments: cases)
    func rejected(_ broken: Case) async throws {
        let project = try await Project(in: sandbox)
        let good = try await project.commitApp(answering: "one")
        try await project.push().success()
        try await project.commit("Break it", broken.files)
        let push = try await project.push().failure()
        #expect(push.stderr.contains("\n ! [remote rejected] main -> main (\(broken.reason)"), "\(push)")
        var rest = push.stderr[...]
        for text in broken.says {
            let found = try #require(rest.range(of: text), "'\(text)' is missing or out of order in\n\(push)")
            rest = rest[found.upperBound...]
        }
        #expect(!push.stderr.contains("live    "))
        #expect(try await project.answer() == "one")
        #expect(try await project.remoteObjectID() == good)
        #expect(try await project.objectID("bim/main") == good)
        #expect(try await project.status().environment()?.live_release == 1)
    }

    @Test("A failed push tries again when it is repeated, and the commit that mends it goes live")
    func tryAgain() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        try await project.push().success()
        try await project.commit("Break it", ["app.py": SampleApp.crashing])
        try await project.push().failure()
        let again = try await project.push().failure()
        #expect(again.stderr.contains("(CRASHED: "), "\(again)")
        #expect(try await project.status().deployments.map(\.status) == ["failed", "failed", "healthy"])
        let line = try await project.git("bim status").success().stdout
        #expect(line.contains("failed: CRASHED: 'web' exited with status 1"), "\(line)")
        try await project.commitApp(answering: "two")
        try await project.push().success()
        #expect(try await project.answer() == "two")
    }

    @Test("A first push that fails leaves no branch, and says nothing of an old release")
    func firstFails() async throws {
        let project = try await Project(in: sandbox)
        try await project.commit(
            "Never healthy",
            ["app.py": SampleApp.answering("x", status: 500), "bim.yml": "health: { timeout: 2, path: /up }\n"])
        let push = try await project.push().failure()
        #expect(!push.stderr.contains("old release"), "\(push)")
        #expect(try await project.git("ls-remote bim").success().stdout == "")
        try await project.commit("Mend it", ["app.py": SampleApp.answering("one")])
        try await project.push().success()
        #expect(try await project.answer() == "one")
    }

    @Test("An app that nothing says how to run is refused with the list of what was looked for, said once")
    func noBuilder() async throws {
        let project = try await Project(in: sandbox)
        try await project.commit("Only words", ["README.txt": "hello\n"])
        let push = try await project.push().failure()
        for name in ["bim.yml", "Procfile", "app.py", "package.json", "go.mod", "Package.swift", "index.html"] {
            #expect(push.stderr.contains(name), "\(name)")
        }
        #expect(push.stderr.contains("\nhint: add a file 'Procfile'"), "\(push)")
        let rejection = try #require(push.stderr.split(separator: "\n").first { $0.hasPrefix(" ! [remote rejected]") })
        #expect(rejection.contains("(NO_BUILDER: "))
        #expect(rejection.count < 200, "the reason in git's table is one short sentence: \(rejection)")
    }

    @Test("A push from an unborn branch or outside of a repository fails with git's own words, and starts nothing")
    func nothingToPush() async throws {
        let project = try await Project(in: sandbox)
        let unborn = try await project.push().failure()
        #expect(unborn.stderr.contains("src refspec main does not match any"))
        let outside = try await sandbox.git("push bim::local/\(sandbox.app) main").failure(128)
        #expect(outside.stderr.contains("not a git repository"))
        #expect(sandbox.platformProcess == nil)
    }
}
