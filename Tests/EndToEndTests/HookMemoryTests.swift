import Foundation
import Testing

/// What is run again, and what is known already.
struct HookMemoryTests {
    private let hooked: HookProject
    private var count: Int { hooked.lines("home/runs").count }
    private static let counting = "echo run >>\"$HOME/runs\""

    init() async throws {
        hooked = try await HookProject()
        try await hooked.hooks("install").success()
    }

    @Test("A tree that passed is not tested again: not for another commit, branch, tag, remote or worktree")
    func remembered() async throws {
        try await hooked.commit(HookProject.check("tests", Self.counting))
        #expect(try await hooked.push().success().stderr.contains("1 check passed"))
        #expect(try await hooked.push("main:other").success().stderr.contains("passed on this tree"))
        try await hooked.git("commit --quiet --allow-empty -m again").success()
        try await hooked.push().success()
        try await hooked.git("tag light").success()
        try await hooked.git("tag -a -m heavy heavy").success()
        try await hooked.push("light heavy").success()
        let second = "\(hooked.sandbox.root)/second.git"
        try await hooked.sandbox.git("init --quiet --bare \(second)").success()
        try await hooked.git("push \(second) main").success()
        let linked = "\(hooked.sandbox.root)/linked"
        try await hooked.git("worktree add --quiet -b linked \(linked)").success()
        try await hooked.git("push bim linked", in: linked).success()
        #expect(count == 1)
        let listed = try await hooked.hooks("list").success().stdout
        #expect(listed.contains("remembered"), "\(listed)")
        try await hooked.hooks("run --fresh").success()
        #expect(count == 2)
    }

    @Test("Every distinct tree of a push is tested once; deletions and an empty push cost nothing")
    func distinct() async throws {
        try await hooked.commit(HookProject.check("tests", Self.counting))
        try await hooked.git("branch same").success()
        try await hooked.git("checkout --quiet -b different").success()
        try await hooked.project.commit("More", ["more": "1"])
        try await hooked.push("main same different").success()
        #expect(count == 2)
        let deletion = try await hooked.push(":same").success()
        let empty = try await hooked.push("main").success()
        #expect(count == 2)
        #expect(!deletion.stderr.contains("test"), "\(deletion)")
        #expect(!empty.stderr.contains("test"), "\(empty)")
    }

    @Test("A failure, another command, another environment and another version of a tool are tested")
    func different() async throws {
        let tool = "\(hooked.sandbox.root)/home/bin/mytool"
        try await hooked.sandbox.writeProgram(tool, "#!/bin/sh\n")
        let path = ["PATH": "\(hooked.sandbox.root)/home/bin:" + (hooked.sandbox.environment["PATH"] ?? "")]
        try await hooked.commit(HookProject.check("tests", "mytool; \(Self.counting); test -e \"$HOME/good\""))
        try await hooked.hooks("run", path).failure(10)
        try await hooked.hooks("run", path).failure(10)
        #expect(count == 2)
        try Data().write(to: URL(fileURLWithPath: "\(hooked.sandbox.root)/home/good"))
        try await hooked.hooks("run", path).success()
        try await hooked.hooks("run", path).success()
        #expect(count == 3)
        try await hooked.sandbox.writeProgram(tool, "#!/bin/sh\n# newer\n")
        try await hooked.hooks("run", path).success()
        #expect(count == 4)
        let run = "mytool; \(Self.counting); test -e \"$HOME/good\""
        try await hooked.commit(HookProject.check("tests", run, "remotes: ['*'], environment: {CI: 1}"))
        try await hooked.hooks("run", path).success()
        #expect(count == 5)
    }

    @Test("A skipped check is recorded with its reason and not taken for a pass")
    func skipped() async throws {
        try await hooked.commit(HookProject.check("tests", Self.counting), HookProject.check("lint", "true"))
        let push = try await hooked.push("main", ["BIM_SKIP": "tests,nonsense", "BIM_SKIP_REASON": "the lab is down"])
            .success()
        #expect(push.stderr.contains("'tests' is skipped: the lab is down"), "\(push)")
        #expect(push.stderr.contains("BIM_SKIP names no check: nonsense"))
        #expect(count == 0)
        let receipts = try FileManager.default.contentsOfDirectory(atPath: "\(hooked.folder)/.git/bim/receipts")
            .compactMap { hooked.text("\(hooked.folder)/.git/bim/receipts/\($0)") }.joined()
        #expect(receipts.contains("the lab is down"))
        try await hooked.hooks("run").success()
        #expect(count == 1)
        try await hooked.push("main:second", ["BIM_SKIP": "all"]).success()
    }

    @Test("A check whose files did not change is left out, and keeps the pass of the tree before")
    func unaffected() async throws {
        try await hooked.commit(
            HookProject.check("tests", Self.counting, "remotes: ['*'], files: ['*.swift']"), files: ["a.swift": "1"])
        try await hooked.push().success()
        try await hooked.project.commit("Text", ["README.md": "1"])
        #expect(try await hooked.push().success().stderr.contains("1 not affected"))
        #expect(count == 1)
        #expect(try await hooked.hooks("run").success().stderr.contains("passed on this tree"))
        try await hooked.project.commit("Code", ["deep/b.swift": "1"])
        try await hooked.push().success()
        #expect(count == 2)
        try await hooked.hooks("run --all --fresh").success()
        #expect(count == 3)
    }

    @Test("A user's own file and git configuration add checks and switch them off; a committed one is refused")
    func wishes() async throws {
        try await hooked.commit(HookProject.check("tests", Self.counting), HookProject.check("lint", Self.counting))
        try hooked.project.write(
            "bim.local.yml",
            "hooks:\n  pre-push:\n    lint: off\n    mine: { run: echo my own check, remotes: ['*'] }\n")
        try await hooked.git("config --add bim.skip tests").success()
        let run = try await hooked.hooks("run").success()
        #expect(run.stderr.contains("'lint' is skipped: switched off in bim.local.yml"), "\(run)")
        #expect(run.stderr.contains("'tests' is skipped: git config bim.skip"))
        #expect(run.stderr.contains("my own check"))
        #expect(count == 0)
        try await hooked.project.commit("Committed")
        #expect(try await hooked.hooks("run").failure(11).stderr.contains("'bim.local.yml' is committed"))
    }

    @Test("Two runs of one repository at once have a snapshot each")
    func atOnce() async throws {
        let waiting = { (mine: String, other: String) in
            "touch \"$HOME/\(mine)\"; while [ ! -e \"$HOME/\(other)\" ]; do sleep 0.01; done; test \"$(cat who)\" = \(mine)"
        }
        let first = try await hooked.commit(HookProject.check("tests", waiting("a", "b")), files: ["who": "a"])
        let second = try await hooked.commit(HookProject.check("tests", waiting("b", "a")), files: ["who": "b"])
        let runs = try [first, second].map {
            try hooked.sandbox.start(["bim-hooks", "run", "--commit", $0], in: hooked.folder)
        }
        for run in runs { try await run.finish().success() }
    }

    @Test("10 000 refs at tested and untested commits are one push, and one run for each tree")
    func manyRefs() async throws {
        let commit = try await hooked.commit(HookProject.check("tests", Self.counting))
        let zero = String(repeating: "0", count: 40)
        let lines =
            (0..<10_000).map { "refs/heads/b\($0) \(commit) refs/heads/b\($0) \(zero)\n" }
            + ["(delete) \(zero) refs/heads/old \(commit)\n"]
        try hooked.project.write("../refs", lines.joined())
        let script = "bim-hooks hook .git/hooks/pre-push bim /somewhere <../refs"
        try await hooked.sandbox.run(["sh", "-c", script], in: hooked.folder).success()
        #expect(count == 1)
    }
}
