import Foundation
import Testing

/// `bim-hooks` as a person, an agent or CI calls it, and the hooks beside pre-push.
struct HookByHandTests {
    private let hooked: HookProject

    init() async throws {
        hooked = try await HookProject()
    }

    @Test("The run by hand is the run of the hook: any commit, one check, all of it as JSON lines and JUnit")
    func outcomes() async throws {
        let good = try await hooked.commit(
            HookProject.check("tests", "test ! -e bad"), HookProject.check("lint", "true"))
        try await hooked.project.commit("Bad", ["bad": "1"])
        let run = try await hooked.hooks("run --json --junit out.xml").failure(10)
        let lines = run.stdout.split(separator: "\n").map { Data($0.utf8) }
        let objects = try lines.map { try #require(JSONSerialization.jsonObject(with: $0) as? [String: Any]) }
        #expect(objects.map { $0["type"] as? String } == ["check", "check", "summary"])
        #expect(objects.map { $0["status"] as? String } == ["failed", "not-run", nil])
        #expect(objects.last?["code"] as? String == "TESTS_FAILED")
        let junit = try #require(hooked.text(hooked.folder + "/out.xml"))
        #expect(junit.contains("tests=\"2\" failures=\"1\" skipped=\"1\""), "\(junit)")
        try await hooked.hooks("run --commit \(good)").success()
        try await hooked.hooks("run --only lint").success()
        #expect(try await hooked.hooks("run --only lnt").failure(11).stderr.contains("'lint'"))
        #expect(try await hooked.hooks("run --commit nonsense").failure(11).stderr.contains("nonsense"))
        try await hooked.hooks("run no-hook").failure(2)
        try await hooked.hooks("run --jobs 0").failure(2)
        try await hooked.hooks("run pre-push bim somewhere").failure(2)
    }

    @Test("pre-commit checks what is staged and not the folder; commit-msg gets the message's file")
    func otherHooks() async throws {
        try hooked.project.write(
            "bim.yml",
            """
            hooks:
              pre-commit:
                staged: test "$(cat file)" = staged
              commit-msg:
                subject: grep -q '^[A-Z]' "$1"
              post-checkout:
                note: echo "$3" >>"$HOME/checkouts"
              pre-rebase:
                refuse: exit 1

            """)
        try hooked.project.write("file", "staged\n")
        #expect(try await hooked.hooks("install").success().stdout.split(separator: "\n").count == 5)
        try await hooked.git("add --all").success()
        try hooked.project.write("file", "not staged\n")
        try await hooked.git("commit --quiet -m Good").success()
        let lower = try await hooked.git("commit --quiet --allow-empty -m bad").failure()
        #expect(lower.stderr.contains("'subject' failed"), "\(lower)")
        let dirty = try await hooked.git("commit --quiet --all -m Dirty").failure()
        #expect(dirty.stderr.contains("'staged' failed"), "\(dirty)")
        try await hooked.git("checkout --quiet -b other").success()
        #expect(hooked.lines("home/checkouts") == ["1"])
        #expect(hooked.text(hooked.folder + "/file") == "not staged\n")
        try await hooked.git("checkout --quiet file").success()
        let rebase = try await hooked.git("rebase --force-rebase main").failure(128)
        #expect(rebase.stderr.contains("'refuse' failed"), "\(rebase)")
    }

    @Test("Nothing to test is said in one line and passes, and what is guessed is named")
    func guessed() async throws {
        try await hooked.project.commit("Empty")
        let none = try await hooked.hooks("run").success()
        #expect(none.stderr == "     no tests found; name them in bim.yml under hooks, pre-push\n")
        try await hooked.project.commit("App", ["app.json": #"{"scripts": {"test": "echo tested"}}"#])
        let found = try await hooked.hooks("run").success()
        #expect(found.stderr.contains("tests found by scripts.test in app.json: echo tested"), "\(found)")
    }

    @Test("validate names file and line, list says what would run")
    func inspection() async throws {
        try await hooked.commit(HookProject.check("tests", "true"))
        #expect(try await hooked.hooks("validate").success().stdout == "bim.yml: right: pre-push tests\n")
        #expect(try await hooked.hooks("list").success().stdout == "pre-push  tests  true  (bim.yml; runs)\n")
        #expect(
            try await hooked.hooks("list --json").success().stdout.hasPrefix(#"{"command":"true","hook":"pre-push""#))
        try hooked.project.write("bim.yml", "hooks:\n  pre-psh:\n    tests: true\n")
        let wrong = try await hooked.hooks("validate").failure(11)
        #expect(wrong.stderr.contains("bim.yml:2"), "\(wrong)")
        #expect(wrong.stderr.contains("did you mean 'pre-push'?"), "\(wrong)")
        try await hooked.hooks("validate --commit HEAD").success()
    }

    @Test(
        "Every shell gets a completion script that knows the commands and the hooks",
        arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) async throws {
        let script = try await hooked.hooks("--generate-completion-script \(shell)").success().stdout
        for word in ["doctor", "validate", "fresh", "pre-rebase"] { #expect(script.contains(word)) }
    }
}
