import Foundation
import Testing

/// Apps of several kinds, with nothing said about how to run them.
struct DetectionTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    @Test("A static site is served as it is")
    func site() async throws {
        let project = try await Project(in: sandbox)
        try await project.commit("Site", ["index.html": "<h1>static</h1>"])
        try await project.push().success()
        #expect(try await project.answer().contains("<h1>static</h1>"))
    }

    @Test(
        "A Node app runs its start script",
        .enabled(if: Programs.areAvailable("/usr/bin/node"), "node is not installed"))
    func node() async throws {
        let project = try await Project(in: sandbox)
        let server = """
            require("http").createServer((q, a) => a.end("node")).listen(process.env.PORT, "127.0.0.1")

            """
        try await project.commit(
            "Node", ["package.json": #"{"name":"x","scripts":{"start":"node server.js"}}"#, "server.js": server])
        try await project.push().success()
        #expect(try await project.answer() == "node")
    }

    @Test("An executable is run, and a process without a port must only stay alive")
    func executable() async throws {
        let project = try await Project(in: sandbox)
        try project.write("start", "#!/bin/sh\nexec python3 web.py\n", isExecutable: true)
        try await project.commit("Executable", ["web.py": SampleApp.answering("executable")])
        try await project.push().success()
        #expect(try await project.answer() == "executable")
    }

    @Test("A Procfile's processes run together; one that ends keeps the release from going live")
    func procfile() async throws {
        let project = try await Project(in: sandbox)
        try await project.commit(
            "Two", ["Procfile": "web: python3 app.py\nworker: sleep 600\n", "app.py": SampleApp.answering("procfile")])
        try await project.push().success()
        #expect(try await project.answer() == "procfile")
        let good = try await project.objectID("HEAD")
        try await project.commit("Bad worker", ["Procfile": "web: python3 app.py\nworker: exit 3\n"])
        let push = try await project.push().failure()
        #expect(push.stderr.contains("(CRASHED: 'worker' exited with status 3)"), "\(push)")
        #expect(try await project.remoteObjectID() == good)
    }
}
