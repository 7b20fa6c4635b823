import Foundation
import Testing

/// Checks that misbehave.
struct HookUnrulyTests {
    private let hooked: HookProject

    init() async throws {
        hooked = try await HookProject()
        try await hooked.hooks("install").success()
    }

    /// Waits until no process of the sandbox has `word` in its arguments.
    private func gone(_ word: String) async throws {
        _ = try await eventually("no '\(word)' is left") {
            ProcessFacts.all().contains { $0.arguments.contains(word) } ? nil : true
        }
    }

    private func unique() -> String { "86\(UInt32.random(in: 100_000...999_999))" }

    @Test("A check that ignores SIGTERM is killed with all its children when its time is over, and the code says so")
    func timeout() async throws {
        let (first, second) = (unique(), unique())
        try await hooked.commit(
            HookProject.check(
                "slow", "trap '' TERM; (trap '' TERM; sleep \(first)) & sleep \(second)", "timeout: 1, remotes: ['*']"))
        let push = try await hooked.push().failure()
        #expect(push.stderr.contains("did not end within 1.0 s"), "\(push)")
        #expect(push.stderr.contains("TESTS_TIMEOUT"), "\(push)")
        try await gone(first)
        try await gone(second)
        #expect(try await hooked.hooks("run").failure(10).stderr.contains("TESTS_TIMEOUT"))
    }

    @Test("Daemons that a check leaves are ended, in sessions of their own and without an environment too")
    func daemon() async throws {
        let (first, second) = (unique(), unique())
        try await hooked.commit(
            HookProject.check(
                "daemon", "setsid sleep \(first) >/dev/null 2>&1 & env -i sleep \(second) >/dev/null 2>&1 & true"))
        try await hooked.push().success()
        try await gone(first)
        try await gone(second)
    }

    @Test("Ctrl-C ends the check with its children, and the status is 130")
    func interrupt() async throws {
        let word = unique()
        try await hooked.commit(HookProject.check("slow", "echo begun; setsid sleep \(word) & sleep \(word)"))
        let run = try hooked.sandbox.start(["bim-hooks", "run"], in: hooked.folder)
        try await run.says("begun")
        run.kill(SIGINT)
        let ended = try await run.finish()
        #expect(ended.status == 130, "\(ended)")
        #expect(ended.stderr.contains("INTERRUPTED"))
        try await gone(word)
    }

    @Test("What a killed run left at work is ended before the next run begins")
    func killed() async throws {
        let word = unique()
        try await hooked.commit(
            HookProject.check("slow", "test -e \"$HOME/second\" && exit 0; echo begun; sleep \(word)"))
        let run = try hooked.sandbox.start(["bim-hooks", "run"], in: hooked.folder)
        try await run.says("begun")
        run.kill(SIGKILL)
        _ = try await run.finish()
        #expect(ProcessFacts.all().contains { $0.arguments.contains(word) })
        try FileManager.default.createDirectory(
            atPath: "\(hooked.sandbox.root)/home/second", withIntermediateDirectories: true)
        try await hooked.hooks("run").success()
        try await gone(word)
    }

    @Test("100 MB of output is in the log, and the push goes on")
    func output() async throws {
        try await hooked.commit(
            HookProject.check(
                "loud", "yes \"$(printf %0999d 0)\" | head -n 100000; echo the end", "remotes: ['*'], group: g"),
            HookProject.check("quiet", "true", "remotes: ['*'], group: g"))
        let push = try await hooked.push().success()
        #expect(push.stderr.utf8.count < 100_000)
        #expect(push.stderr.contains("the end"))
        let log = "\(hooked.folder)/.git/bim/logs/pre-push/loud.log"
        let size = try FileManager.default.attributesOfItem(atPath: log)[.size] as? Int
        #expect(size == 100_000_008)
    }

    @Test("A check that reads its standard input finds it empty, and git's lines do not disturb it")
    func input() async throws {
        try await hooked.commit(HookProject.check("reader", "test -z \"$(cat)\""))
        #expect(try await hooked.push().success().stderr.contains("1 check passed"))
    }

    @Test("What a check changes in its snapshot is put right for the next one, and build caches stay")
    func snapshot() async throws {
        let check = """
            test "$(cat kept)" = as-committed && test ! -e litter && test -L link && test -x tool && test ! -e gone; \
            status=$?; mkdir -p .build node_modules deep/target own; echo x >>.build/count; echo x >>own/count; \
            echo changed >kept; touch litter; rm -f link tool; mkdir tool; cat .build/count | wc -l; \
            exit $status
            """
        let files = ["kept": "as-committed\n", "gone": "x"]
        try hooked.project.write("tool", "#!/bin/sh\n", isExecutable: true)
        symlink("kept", hooked.folder + "/link")
        try await hooked.commit(HookProject.check("meddler", "touch gone; true"), files: files)
        try await hooked.push().success()
        try FileManager.default.removeItem(atPath: hooked.folder + "/gone")
        try await hooked.commit(HookProject.check("meddler", check, "remotes: ['*'], caches: [own]"))
        try await hooked.push().success()
        try await hooked.commit(
            HookProject.check("meddler", check, "remotes: ['*'], caches: [own]"), files: ["more": "1"])
        let push = try await hooked.push().success()
        #expect(push.stderr.contains("| 2"), "the cache is gone: \(push)")
        let own = hooked.text("\(hooked.folder)/.git/bim/snapshots/1/own/count")
        #expect(own == "x\nx\n")
    }

    @Test("Checks of one group run at the same time up to the limit, groups one after another, and a failure ends it")
    func groups() async throws {
        // Each of the two waits for the other one's file.
        let pair = { (mine: String, other: String) in
            "touch \"$HOME/\(mine)\"; while [ ! -e \"$HOME/\(other)\" ]; do sleep 0.01; done; echo from \(mine)"
        }
        try await hooked.commit(
            HookProject.check("one", pair("a", "b"), "remotes: ['*'], group: both, timeout: 60"),
            HookProject.check("two", pair("b", "a"), "remotes: ['*'], group: both, timeout: 60"),
            HookProject.check("three", "echo the reason; exit 3"),
            HookProject.check("four", "touch \"$HOME/ran\""))
        let push = try await hooked.push(
            "main", ["GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "bim.jobs", "GIT_CONFIG_VALUE_0": "2"]
        )
        .failure()
        #expect(push.stderr.contains("from a\n"))
        #expect(push.stderr.contains("from b\n"))
        #expect(push.stderr.contains("the reason"))
        #expect(push.stderr.contains("'three' exited with status 3"), "\(push)")
        #expect(push.stderr.contains("/.git/bim/logs/pre-push/three.log"))
        #expect(hooked.text("\(hooked.sandbox.root)/home/ran") == nil)
    }
}
