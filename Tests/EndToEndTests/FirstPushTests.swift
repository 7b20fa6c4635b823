import Foundation
import Testing

/// What a user sees who pushes for the first time, and then again.
struct FirstPushTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    /// Output with everything that differs from run to run replaced.
    private func masked(_ text: String) -> String {
        text.replacingOccurrences(of: sandbox.app, with: "<app>")
            .replacing(/[ ]+[0-9.]+ (ms|s|min)(?=\n)/, with: "  <time>")
            .replacing(/127\.0\.0\.1:[0-9]+/, with: "127.0.0.1:<port>")
            .replacing(/[0-9.]+ (B|kB)/, with: "<size>")
            .replacing(/after [0-9]+ probes?/, with: "after <n> probes")
            .replacing(/\b[0-9a-f]{7}\b/, with: "<id>")
    }

    @Test("A first push prints its steps in order, then git's table, then the live URL, which answers")
    func firstPush() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        let push = try await project.push().success()
        #expect(
            masked(push.stderr) == """
                     starting the platform on this machine
                bim: local/<app>  main → production  <id> "Answer one"
                  build   own builder, 1 layer, 1 new  <time>
                  upload  local/<app>, 1 of 1 layers, <size>  <time>
                  deploy  release 1, healthy after <n> probes  <time>
                To bim::local/<app>
                 * [new branch]      main -> main
                  live    http://127.0.0.1:<port>  <time>

                """)
        #expect(push.stdout.isEmpty)
        let url = try #require(push.stderr.split(separator: " ").last { $0.hasPrefix("http://") })
        #expect(try await WebClient.get(String(url)) == .init(status: 200, body: "one"))
    }

    @Test("The push of a change switches the same URL to it, and uncommitted files are named and left out")
    func secondPush() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        try await project.push().success()
        let url = try await project.url()
        try await project.commitApp(answering: "two")
        try project.write("app.py", SampleApp.answering("never"))
        let push = try await project.push().success()
        #expect(
            masked(push.stderr) == """
                bim: local/<app>  main → production  <id> "Answer two"
                     1 changed file in this folder is not in the commit
                  build   own builder, 1 layer, 1 new  <time>
                  upload  local/<app>, 1 of 1 layers, <size>  <time>
                  deploy  release 2, healthy after <n> probes  <time>
                To bim::local/<app>
                   <id>..<id>  main -> main
                  live    http://127.0.0.1:<port>  <time>

                """)
        #expect(try await WebClient.get(url).body == "two")
        #expect(try await project.objectID("bim/main") == project.objectID("main"))
    }

    @Test("The same commit pushed again is up to date, and quiet pushes print nothing")
    func quietAndUpToDate() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        let quiet = try await project.push("--quiet main").success()
        #expect(quiet.stdout + quiet.stderr == "")
        let again = try await project.push().success()
        #expect(again.stdout + again.stderr == "Everything up-to-date\n")
        #expect(try await project.status().deployments.count == 1)
    }

    @Test("'git bim status' shows what is live, as a line and as JSON")
    func status() async throws {
        let project = try await Project(in: sandbox)
        let commit = try await project.commitApp(answering: "one")
        try await project.push().success()
        let line = try await project.git("bim status").success().stdout
        #expect(
            line.hasPrefix(
                "local/\(sandbox.app)  production  running  release 1  \(commit.prefix(7))  http://127.0.0.1:"),
            "\(line)")
        let status = try await project.status()
        #expect(status.objectID() == commit)
        #expect(status.environment()?.live_release == 1)
        #expect(status.deployments.map(\.status) == ["healthy"])
    }

    @Test("The platform is started, shown and stopped by 'git bim platform', with exit statuses for scripts")
    func platformCommands() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        try await project.git("bim platform status").failure(3)
        try await project.push().success()
        let url = try await project.url()
        #expect(try await project.git("bim platform status").success().stdout.hasPrefix("running  http://127.0.0.1:"))
        #expect(try await project.git("bim platform stop").success().stdout == "stopped\n")
        #expect(try await project.git("bim platform stop").success().stdout == "it does not run\n")
        try await project.git("bim platform status").failure(3)
        #expect(throws: WebClient.NoAnswer.self) { try WebClient.blockingGet(url) }
        #expect(sandbox.processes().isEmpty)

        try await project.git("bim platform start").success()
        let answer = try await eventually("the live release answers again") { try? await WebClient.get(url) }
        #expect(answer.body == "one")
        try await project.git("bim no-such-command").failure(2)
        try await sandbox.git("bim status", in: sandbox.root).failure(11)
    }
}
