import Foundation
import Testing

/// bim-hooks on the way of a push.
struct HookTests {
    private let sandbox: Sandbox
    private let project: Project
    private var hook: String { project.folder + "/.git/hooks/pre-push" }

    init() async throws {
        sandbox = try Sandbox()
        project = try await Project(in: sandbox)
    }

    private func commit(check: String, extra: String = "") async throws {
        try await project.commit(
            "Check",
            ["app.py": SampleApp.answering("one"), "bim.yml": "hooks:\n  pre-push:\n    tests: \(check)\n\(extra)"])
    }

    private func hooks(_ words: String) async throws -> Finished {
        try await sandbox.run(["bim-hooks"] + words.split(separator: " ").map(String.init), in: project.folder)
    }

    @Test("An earlier hook is kept, runs first with the same input, and comes back to the byte")
    func chain() async throws {
        let earlier = "#!/bin/sh\necho \"earlier $1 $2\" >&2\ncat >&2\n"
        try await sandbox.writeProgram(hook, earlier)
        #expect(try await hooks("install").success().stdout.contains("run first"))
        #expect(try await hooks("install").success().stdout == "pre-push: up to date\n")
        try await commit(check: "test -f app.py")
        let push = try await project.push().success()
        #expect(push.stderr.contains("earlier bim \(project.remote)"))
        #expect(push.stderr.contains("refs/heads/main"))
        #expect(push.stderr.contains("1 check passed"))
        try await hooks("uninstall").success()
        #expect(try String(contentsOfFile: hook, encoding: .utf8) == earlier)
    }

    @Test("An edited script is left alone")
    func edited() async throws {
        try await hooks("install").success()
        let text = try String(contentsOfFile: hook, encoding: .utf8)
        try await sandbox.writeProgram(hook, text + "echo mine\n")
        #expect(try await hooks("uninstall").failure(11).stderr.contains("edited"))
        #expect(try await hooks("install").failure(11).stderr.contains("edited"))
        #expect(try String(contentsOfFile: hook, encoding: .utf8) == text + "echo mine\n")
    }

    @Test("Checks see the commit and not the folder; a failure stops the push with status 10 by hand")
    func commitNotFolder() async throws {
        try await hooks("install").success()
        try await commit(check: "test ! -e uncommitted && test -z $GIT_DIR")
        try project.write("uncommitted", "x")
        try await project.push().success()
        try await commit(check: "echo the reason; exit 3")
        let push = try await project.push().failure()
        #expect(push.stderr.contains("TESTS_FAILED") || push.stderr.contains("the check 'tests' failed"), "\(push)")
        #expect(push.stderr.contains("the reason"), "\(push)")
        #expect(try await hooks("run").failure(10).stderr.contains("TESTS_FAILED"))
        try await project.push("--no-verify main").success()
    }

    @Test("An environment that requires tests refuses a commit without them, and takes it with them")
    func required() async throws {
        try await commit(
            check: "test -f app.py", extra: "environments:\n  production: {branches: [main], required-tests: true}\n")
        #expect(try await project.push().failure().stderr.contains("(TESTS_REQUIRED: "))
        try await hooks("run").success()
        let push = try await project.push().success()
        #expect(push.stderr.contains("passed on this tree"), "\(push)")
    }

    @Test("A check that guards other branches alone is not asked of this one")
    func otherBranches() async throws {
        let required = "environments:\n  production: {branches: [main], required-tests: true}\n"
        try await commit(
            check: "test -f app.py", extra: "    slow: {run: 'false', branches: [release]}\n" + required)
        try await hooks("install").success()
        #expect(try await project.push().success().stderr.contains("1 check passed"))
    }

    @Test("The ledger shows whether a commit came with its tests or past its hook")
    func evidence() async throws {
        try await commit(check: "test -f app.py")
        try await hooks("install").success()
        try await project.push().success()
        try await project.commit("Past the hook", ["more": "x"])
        try await project.push("--no-verify main").success()
        let status = try await project.git("bim status --json").success().stdout
        let tests = status.matches(of: /"tests":\{[^}]*"status":"([a-z]+)"/).map { String($0.output.1) }
        #expect(tests == ["none", "passed"], "newest first: \(status)")
    }
}
