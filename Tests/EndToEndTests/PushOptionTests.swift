import Foundation
import Glibc
import Testing

/// What `git push -o` asks of a deployment, and what travels with one.
struct PushOptionTests {
    private let sandbox: Sandbox
    private let project: Project

    init() async throws {
        sandbox = try Sandbox()
        project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        try await project.push().success()
    }

    @Test("A branch and its tags go live together or not at all")
    func atomic() async throws {
        let old = try await project.objectID("main")
        try await project.commitApp(answering: "two")
        try await project.git("tag v2").success()
        try await project.push("--atomic main v2").success()
        #expect(try await project.answer() == "two")
        #expect(try await project.git("ls-remote bim v2").stdout.hasPrefix(try await project.objectID("main")))
        try await project.commit("Break", ["app.py": "raise SystemExit(3)\n"])
        try await project.git("tag v3").success()
        let failed = try await project.push("--atomic main v3").failure().stderr
        #expect(failed.contains("CRASHED") && failed.contains("v3 -> v3 (atomic push failed)"))
        #expect(try await project.git("ls-remote bim v3").stdout == "")
        #expect(try await project.answer() == "two")
        let refused = try await project.push("--atomic \(old):refs/heads/a \(old):refs/heads/b").failure().stderr
        #expect(refused.contains("cannot change 2 environments"))
    }

    @Test("Another environment, words of the pusher's own, and a tag that stands for a commit")
    func wishes() async throws {
        try await project.commitApp(answering: "two")
        try await sandbox.run(["git", "tag", "-a", "-m", "two", "v2"], in: project.folder).success()
        try await project.push("-o env=staging -o message=Try -o x-ticket=7 -o x-ticket=8 main:next").success()
        #expect(try await project.answer(of: "staging") == "two")
        #expect(try await project.answer() == "one")
        #expect(try await project.remoteObjectID("staging") == (try await project.objectID("main")))
        #expect(try await project.remoteObjectID("next") == nil)
        let text = try await project.git("bim status --json").success().stdout
        #expect(text.contains(#""extra":["x-ticket=7","x-ticket=8"]"#) && text.contains(#""message":"Try""#))
        try await project.push("v2:main").success()
        #expect(try await project.objectID("bim/main") == (try await project.objectID("v2^{commit}")))
        try await project.commitApp(answering: "three")
        let unknown = try await project.push("-o evn=staging main").failure().stderr
        #expect(unknown.contains("'evn' is not known") && unknown.contains("env=<environment>"))
    }

    @Test("Who does not wait is told so, and the branch is not said to have moved")
    func detached() async throws {
        let old = try await project.objectID("main")
        try await project.commitApp(answering: "two", before: "time.sleep(2)")
        let push = try await project.push("-o detach main").success()
        #expect(push.stderr.contains("goes on, and is not waited for"))
        #expect(try await project.objectID("bim/main") == old)
        let new = try await project.objectID("main")
        _ = try await eventually("the deployment ends") { try await project.remoteObjectID() == new ? true : nil }
        #expect(try await project.answer() == "two")
    }

    @Test("A trace shows every step and exchange, and not the token")
    func trace() async throws {
        let file = "\(sandbox.root)/trace"
        try await project.commitApp(answering: "two")
        try await project.push("-o x-secret=hush main", ["BIM_TRACE": file]).success()
        let trace = try String(contentsOfFile: file, encoding: .utf8)
        for text in [
            "git >: list for-push", "git <: ok refs/heads/main", "http >: POST http://127.0.0.1", "step: deploy",
        ] {
            #expect(trace.contains(text), "\(text) in \(trace)")
        }
        #expect(!trace.contains(try #require(sandbox.token)) && !trace.contains("hush"))
    }

    @Test(
        "A signal in the middle of a deployment cancels it on the platform, and the old release serves",
        arguments: [SIGINT, SIGTERM])
    func signals(_ signal: Int32) async throws {
        let old = try await project.objectID("main")
        let new = try await project.commitApp(answering: "two", before: "time.sleep(600)")
        let push = try project.startPush()
        _ = try await eventually("the new app starts") {
            sandbox.processes().compactMap(ProcessFacts.init).first { $0.environment.contains("BIM_COMMIT=\(new)") }
        }
        for facts in sandbox.processes().compactMap(ProcessFacts.init)
        where facts.arguments.first?.hasSuffix("git-remote-bim") == true {
            kill(facts.id, signal)
        }
        _ = try await push.finish().failure()
        #expect(try await project.status().deployments.first { $0.commit == new }?.status == "canceled")
        #expect(try await project.remoteObjectID() == old)
        #expect(try await project.answer() == "one")
    }

    @Test("Run by hand the helper explains itself and tells its version")
    func byHand() async throws {
        #expect(try await sandbox.run(["git-remote-bim"]).failure(2).stdout.contains("git remote add bim"))
        #expect(try await sandbox.run(["git-remote-bim", "--version"]).success().stdout.hasPrefix("git-remote-bim 0."))
    }

    @Test("A push without the helper is told what to type")
    func withoutHelper() async throws {
        let endpoint = try #require(sandbox.endpoint)
        let token = try #require(sandbox.token)
        let url = "http://127.0.0.1:\(endpoint.port)/local/\(sandbox.app).git"
        let header = "http.extraHeader=Authorization: Basic \(Data("bim:\(token)".utf8).base64EncodedString())"
        let push = try await sandbox.run(["git", "-c", header, "push", url, "main:other"], in: project.folder)
        try push.failure()
        #expect(push.stderr.contains("git push bim::"))
    }
}
