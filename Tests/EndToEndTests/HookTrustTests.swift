import Foundation
import Testing

/// Commands that came with somebody else's commit.
struct HookTrustTests {
    private let hooked: HookProject
    private let clone: String

    init() async throws {
        hooked = try await HookProject()
        try await hooked.commit(HookProject.check("tests", "echo ran >>\"$HOME/runs\""))
        try await hooked.push().success()
        clone = "\(hooked.sandbox.root)/clone"
        try await hooked.sandbox.git("clone --quiet -o bim -b main \(hooked.project.remote) \(clone)").success()
    }

    /// Runs with a terminal on which `answer` is typed when the question has been asked.
    private func run(answering answer: String) async throws -> Finished {
        let script = """
            import os, pty, sys
            process, terminal = pty.fork()
            if process == 0:
                os.execvp("bim-hooks", ["bim-hooks", "run"])
            said = b""
            while True:
                try:
                    some = os.read(terminal, 1024)
                except OSError:
                    break
                if not some:
                    break
                said += some
                if said.endswith(b"[y/N] "):
                    os.write(terminal, sys.argv[1].encode() + b"\\n")
            sys.stdout.buffer.write(said)
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
            """
        return try await hooked.sandbox.run(["python3", "-c", script, answer], in: clone, ["GIT_TERMINAL_PROMPT": "1"])
    }

    @Test("Without a terminal they are refused, with the command and what to do; an agreement holds from then on")
    func refused() async throws {
        let refused = try await hooked.hooks("run", in: clone).failure(4)
        #expect(refused.stderr.contains("FORBIDDEN"))
        #expect(refused.stderr.contains("echo ran"))
        #expect(refused.stderr.contains("bim-hooks trust"))
        #expect(hooked.lines("home/runs") == [])
        #expect(try await hooked.hooks("trust", in: clone).success().stdout.contains("trusted: echo ran"))
        try await hooked.hooks("run", in: clone).success()
        #expect(hooked.lines("home/runs") == ["ran"])
    }

    @Test("BIM_TRUST=1 lets them run, once and for all")
    func variable() async throws {
        try await hooked.hooks("run", in: clone, ["BIM_TRUST": "1"]).success()
        try await hooked.hooks("run --fresh", in: clone).success()
    }

    @Test("At a terminal they are shown and asked for once; no means no")
    func asked() async throws {
        let no = try await run(answering: "n")
        #expect(no.stdout.contains("echo ran"), "\(no)")
        #expect(no.status == 4)
        #expect(hooked.lines("home/runs") == [])
        let yes = try await run(answering: "y")
        #expect(yes.status == 0, "\(yes)")
        #expect(hooked.lines("home/runs") == ["ran"])
        #expect(!(try await run(answering: "n")).stdout.contains("[y/N]"))
    }

    @Test("Commands that were committed here run, and those that a pull brings are asked for")
    func own() async throws {
        try await hooked.hooks("run").success()
        try await hooked.hooks("trust", in: clone).success()
        let copy = Project(existing: clone, in: hooked.sandbox)
        try await copy.commit(
            "Mine", ["bim.yml": "hooks:\n  pre-push:\n" + HookProject.check("tests", "echo mine")])
        try await hooked.hooks("run", in: clone).success()
        try await hooked.git("push --quiet bim main", in: clone).success()
        try await hooked.git("pull --quiet bim main").success()
        #expect(try await hooked.hooks("run").failure(4).stderr.contains("'echo mine'"))
    }

    @Test("A test script of somebody else's app.json is asked for, a tool's own command is not")
    func detected() async throws {
        let copy = Project(existing: clone, in: hooked.sandbox)
        try await hooked.git("rm --quiet bim.yml").success()
        try await hooked.project.commit("App", ["app.json": #"{"scripts": {"test": "echo from app.json"}}"#])
        #expect(try await hooked.hooks("run").success().stderr.contains("from app.json"))
        try await hooked.git("push --quiet bim main").success()
        try await copy.git("pull --quiet bim main").success()
        #expect(try await hooked.hooks("run", in: clone).failure(4).stderr.contains("'echo from app.json'"))
        try await hooked.project.commit("Make", ["Makefile": "test:\n\t@echo from make\n"])
        try await hooked.git("push --quiet bim main").success()
        try await copy.git("pull --quiet bim main").success()
        if FileManager.default.isExecutableFile(atPath: "/usr/bin/make") {
            #expect(
                try await hooked.hooks("run", in: clone).success().stderr.contains("tests found by test: in Makefile"))
        }
    }
}
