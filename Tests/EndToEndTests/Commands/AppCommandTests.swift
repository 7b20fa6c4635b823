import Foundation
import Testing

/// `git bim config`, `logs`, `watch`, `open`, `explain`.
struct AppCommandTests {
    private let sandbox: Sandbox
    private let project: Project

    init() async throws {
        sandbox = try Sandbox()
        project = try await Project(in: sandbox)
    }

    @Test("What is set for an environment reaches its app; a secret is shown to nobody")
    func config() async throws {
        try await project.commit(
            "Greet", ["app.py": SampleApp.answering("\" + os.environ.get(\"GREETING\", \"none\").encode() + b\"")])
        try await project.push().success()
        #expect(try await project.answer() == "none")
        let set = try await project.git("bim config set GREETING=hello").success()
        #expect(set.stderr.contains("release 2") && set.stdout.hasPrefix("http://"))
        #expect(try await project.answer() == "hello")
        try await project.git("bim config set --secret GREETING=hush").success()
        #expect(try await project.answer() == "hush")
        let list = try await project.git("bim config").success().stdout
        #expect(list == "GREETING=(secret)\n")
        #expect(try await !project.git("bim config --json").success().stdout.contains("hush"))
        try await project.git("bim config unset GREETING").success()
        #expect(try await project.answer() == "none")
        let before = try await project.git("bim config set A=b --env staging").success()
        #expect(before.stdout.contains("kept for the first release of 'staging'"))
        try await project.git("bim config set PORT=1").failure(11)
    }

    @Test("A webhook is set with a secret from standard input, shown without it, and removed")
    func webhook() async throws {
        try await project.commitApp(answering: "one")
        try await project.push().success()
        let line = "printf %s 0123456789abcdef-hush | git bim webhook set http://127.0.0.1:1/told"
        let set = try await sandbox.run(["sh", "-c", line], in: project.folder).success()
        #expect(set.stdout == "http://127.0.0.1:1/told is told how deployments to 'production' end\n")
        #expect(try await project.git("bim webhook").success().stdout == "http://127.0.0.1:1/told\n")
        let json = try await project.git("bim webhook show --json").success().stdout
        #expect(json.contains(#""url":"http://127.0.0.1:1/told""#) && !json.contains("hush"))
        let plain = try await sandbox.run(
            ["sh", "-c", "echo 0123456789abcdef | git bim webhook set http://ci.example.com/"], in: project.folder)
        try plain.failure(11)
        let absent = try await sandbox.run(
            ["sh", "-c", "git bim webhook set https://ci.example.com/ < /dev/null"], in: project.folder)
        try absent.failure(11)
        try await project.git("bim webhook remove").success()
        try await project.git("bim webhook").failure(3)
    }

    @Test("The log of the app is read and followed; what is live is printed and opened for nobody in CI")
    func logs() async throws {
        try await project.commitApp(answering: "one", before: "print('begun', flush=True)")
        try await project.push().success()
        #expect(try await project.git("bim logs").success().stdout.contains(" web | begun\n"))
        let json = try await project.git("bim logs -n 1 --json").success().stdout
        #expect(json.contains(#""message":"begun""#) && json.contains(#""v":1"#))
        let follow = try sandbox.start(["git", "bim", "logs", "-f", "-n", "0"], in: project.folder)
        let watch = try sandbox.start(["git", "bim", "watch", "--json"], in: project.folder)
        try await project.commitApp(answering: "two", before: "print('again', flush=True)")
        try await project.push().success()
        _ = try await eventually("the line comes") { follow.stdout.contains(" web | again\n") ? true : nil }
        _ = try await eventually("the deployment is told") { watch.stdout.contains(#""type":"end""#) ? true : nil }
        let open = try await project.git("bim open", ["CI": "true"]).success().stdout
        #expect(open.hasPrefix(try await project.url()) && open.contains("no browser was opened"))
        try await project.git("bim logs nowhere").failure(3)
        #expect(try await project.git("bim explain crashed").success().stdout.hasPrefix("CRASHED (exit status 14)"))
        try await project.git("bim explain NONSENSE").failure(2)
    }

    @Test("A deployment that was left to itself is watched to its end, or for a time")
    func watch() async throws {
        try await project.commitApp(answering: "one", before: "time.sleep(1.5)")
        let push = try await project.push("-o detach main").success()
        let id = try #require(push.stderr.firstMatch(of: /dpl_[0-9a-f]+/)).output
        try await project.git("bim watch \(id) --timeout 0").failure(75)
        #expect(try await project.git("bim watch \(id)").success().stdout.hasPrefix("http://"))
        #expect(try await project.answer() == "one")
    }
}
