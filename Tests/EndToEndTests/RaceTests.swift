import Foundation
import Glibc
import Testing

/// Several pushes at the same time.
@Suite(.serialized)
struct RaceTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func clones(_ count: Int, of project: Project) async throws -> [Project] {
        var clones: [Project] = []
        for number in 0..<count {
            let folder = "\(sandbox.root)/racer-\(number)"
            try await sandbox.git("clone --quiet \(project.folder) \(folder)").success()
            let clone = Project(existing: folder, in: sandbox)
            try await clone.git("remote add bim \(project.remote)").success()
            clones.append(clone)
        }
        return clones
    }

    @Test(
        "Of many pushers to one branch exactly one wins each round, the others read 'fetch first', nothing is overwritten"
    )
    func oneBranch() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "start")
        try await project.push().success()
        let racers = try await clones(4, of: project)
        for round in 0..<3 {
            var pushes: [ChildProcess] = []
            for (number, racer) in racers.enumerated() {
                try await racer.git("fetch --quiet bim").success()
                try await racer.git("reset --quiet --hard bim/main").success()
                try await racer.commitApp(answering: "round \(round) racer \(number)")
            }
            let before = try await project.remoteObjectID()
            for racer in racers { pushes.append(try racer.startPush()) }
            var winners: [Int] = []
            for (number, push) in pushes.enumerated() {
                let finished = try await push.finish()
                if finished.status == 0 { winners.append(number) } else { try expectFetchFirst(finished) }
            }
            #expect(winners.count == 1, "\(pushes.map(\.stderr))")
            let winner = try #require(winners.first)
            let live = try await racers[winner].objectID("HEAD")
            #expect(try await project.remoteObjectID() == live)
            #expect(try await racers[winner].objectID("HEAD~1") == before, "what the winner built upon was live")
            #expect(try await project.answer() == "round \(round) racer \(winner)")
        }
    }

    private func expectFetchFirst(_ push: Finished) throws {
        try push.failure()
        #expect(push.stderr.contains("! [rejected]        main -> main (fetch first)"), "\(push)")
        #expect(push.stderr.contains("git pull"), "git gives its own advice: \(push)")
        #expect(!push.stderr.contains("DEPLOY_IN_PROGRESS"), "\(push)")
    }

    @Test("Who comes second waits for the first: rejected when it goes live, live when it fails")
    func turns() async throws {
        let project = try await Project(in: sandbox)
        let start = try await project.commitApp(answering: "start")
        try await project.push().success()
        let (first, second) = (project, try await clones(1, of: project)[0])
        try await second.git("fetch --quiet bim").success()
        try await second.commitApp(answering: "second")

        let broken = try await first.commitApp(answering: "broken", before: "time.sleep(4); sys.exit(3)")
        let failing = try first.startPush()
        try await starts(broken)
        let waiting = try second.startPush()
        try await waiting.says("the deployment of \(broken.prefix(7)) is under way, and this one comes after it")
        let hasty = try await second.push("-o detach --force-with-lease=main:\(start) main").failure()
        #expect(hasty.stderr.contains("(DEPLOY_IN_PROGRESS: another deployment to 'production'"), "\(hasty)")
        #expect(try await failing.finish().failure().stderr.contains("(CRASHED: "))
        try await waiting.finish().success()
        #expect(try await project.answer() == "second")

        // The first goes live, so the lease of the second does not hold any more.
        try await first.git("reset --quiet --hard \(start)").success()
        let slow = try await first.commitApp(answering: "slow", before: "time.sleep(4)")
        let winning = try first.startPush("--force main")
        try await starts(slow)
        try await second.commitApp(answering: "late")
        let late = try second.startPush("--force-with-lease main")
        try await late.says("is under way")
        try await winning.finish().success()
        #expect(try await late.finish().failure().stderr.contains("main -> main (stale info)"))
        #expect(try await project.answer() == "slow")
    }

    private func starts(_ commit: String) async throws {
        _ = try await eventually("the app of \(commit) starts") {
            sandbox.processes().compactMap(ProcessFacts.init).first { $0.environment.contains("BIM_COMMIT=\(commit)") }
        }
    }

    @Test("Two who push the same commit both have it live; one who waits and is interrupted leaves nothing behind")
    func sameCommit() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "start")
        try await project.push().success()
        let same = try await project.commitApp(answering: "same", before: "time.sleep(3)")
        let clones = try await clones(2, of: project)
        let first = try project.startPush()
        try await starts(same)
        let second = try clones[0].startPush()
        let third = try clones[1].startPush()
        for push in [second, third] { try await push.says("is under way") }
        third.killGroup(SIGINT)
        #expect(try await third.finish().status == 128 + SIGINT)
        try await first.finish().success()
        let echo = try await second.finish().success()
        #expect(echo.stderr.contains("has pushed the same commit meanwhile") && echo.stderr.contains("main -> main"))
        #expect(try await project.status().deployments.map(\.status) == ["healthy", "healthy"])
        #expect(try await project.answer() == "same")
    }

    @Test("Pushes to different branches of one app at once all win, and start one platform")
    func manyBranches() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "same")
        let branches = ["one", "two", "three"]
        let pushes = try branches.map { try project.startPush("main:refs/heads/\($0)") }
        for push in pushes { try await push.finish().success() }
        #expect(try await project.status().environments.map(\.name).sorted() == branches.sorted())
        // Those that came second wait a moment for the lock and leave.
        _ = try await eventually("one platform is left") { () -> Bool? in
            let platforms = sandbox.processes().compactMap(ProcessFacts.init).filter {
                $0.arguments.first?.hasSuffix("bim-platform") == true && !$0.arguments.contains("--keep-alive")
            }
            return platforms.count == 1 ? true : nil
        }
    }

    @Test("A switch loses no request")
    func noLostRequest() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "0")
        try await project.push().success()
        let url = try await project.url()
        let answers = try await withThrowingTaskGroup(of: [String].self) { group in
            let (stop, continuation) = AsyncStream.makeStream(of: Void.self)
            continuation.yield()
            for _ in 0..<4 {
                group.addTask {
                    var bodies: [String] = []
                    while !Task.isCancelled { bodies.append(try await WebClient.get(url).body) }
                    return bodies
                }
            }
            for number in 1...3 {
                try await project.commitApp(answering: "\(number)")
                try await project.push().success()
            }
            continuation.finish()
            withExtendedLifetime(stop) {}
            group.cancelAll()
            return try await group.reduce(into: [String]()) { $0 += $1 }
        }
        #expect(answers.count > 10)
        #expect(Set(answers).isSubset(of: ["0", "1", "2", "3"]))
    }
}
