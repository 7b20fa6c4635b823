import Foundation
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

    @Test("Of many pushers to one branch exactly one wins each round, and nothing is overwritten")
    func oneBranch() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "start")
        try await project.push().success()
        let racers = try await clones(4, of: project)
        for round in 0..<2 {
            var pushes: [ChildProcess] = []
            for (number, racer) in racers.enumerated() {
                try await racer.git("fetch --quiet bim").success()
                try await racer.git("reset --quiet --hard bim/main").success()
                try await racer.commitApp(answering: "round \(round) racer \(number)")
            }
            for racer in racers { pushes.append(try racer.startPush()) }
            var winners: [Int] = []
            for (number, push) in pushes.enumerated() {
                let finished = try await push.finish()
                if finished.status == 0 { winners.append(number) }
            }
            #expect(winners.count == 1, "\(pushes.map(\.stderr))")
            let winner = try #require(winners.first)
            #expect(try await project.remoteObjectID() == (try await racers[winner].objectID("HEAD")))
            #expect(try await project.answer() == "round \(round) racer \(winner)")
        }
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
