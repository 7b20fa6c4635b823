import Foundation
import Testing

/// Deploying what a partial clone has left with its promisor remote.
struct PartialCloneTests {
    private let sandbox: Sandbox
    private let project: Project

    init() async throws {
        sandbox = try Sandbox()
        project = try await Project(in: sandbox)
        try await project.git("config uploadpack.allowFilter true").success()
        try await project.git("config uploadpack.allowAnySHA1InWant true").success()
        // Every file counts: what is configured, what says how to start, and what the app reads.
        try await project.commit(
            "One",
            [
                "bim.yml": "health: { timeout: 30 }\n", "Procfile": "web: python3 deep/er/app.py\n",
                "deep/er/app.py": SampleApp.answering("from a file"),
            ])
        try await project.commit("Two", ["Procfile": "web: false\n", "deep/er/app.py": "raise SystemExit(1)\n"])
    }

    private func clone(_ filter: String) async throws -> Project {
        try await sandbox.git(
            "clone --quiet --no-checkout --filter=\(filter) file://\(project.folder) \(sandbox.root)/copy"
        ).success()
        let copy = Project(existing: "\(sandbox.root)/copy", in: sandbox)
        try await copy.git("remote add bim \(project.remote)").success()
        return copy
    }

    @Test("What is missing is fetched in one go before it is read", arguments: ["blob:none", "tree:0"])
    func fetches(_ filter: String) async throws {
        let copy = try await clone(filter)
        let trace = "\(sandbox.root)/trace2"
        try await copy.push("main~1:refs/heads/main", ["GIT_TRACE2_EVENT": trace]).success()
        #expect(try await project.answer() == "from a file")
        let events = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
        let fetches = events.filter { $0.contains(#""event":"start""#) && $0.contains(#""fetch","origin""#) }
        #expect(fetches.count == (filter == "tree:0" ? 2 : 1), "\(fetches)")
        #expect(try await copy.push("main~1:refs/heads/main").success().stderr.contains("Everything up-to-date"))
    }

    @Test("A promisor remote that is gone is an error that names it, and a broken file none that is not there")
    func unreachable() async throws {
        let copy = try await clone("blob:none")
        try FileManager.default.moveItem(atPath: project.folder, toPath: project.folder + "-gone")
        let push = try await copy.push("-v main~1:refs/heads/main").failure()
        #expect(
            push.stderr.contains("error: 3 objects of the commit are not in this partial clone, and 'origin' did not"),
            "\(push)")
        #expect(
            push.stderr.contains("hint: git fetch origin") && push.stderr.contains("\ncaused by: fatal: "), "\(push)")
        #expect(push.stderr.contains("[remote rejected] main~1 -> main (BUILD_FAILED: 3 objects"), "\(push)")
        #expect(try await copy.git("ls-remote bim").failure(128).stderr.contains("APP_NOT_FOUND"))
    }

    @Test("A file that is damaged in a whole clone is no file that is not there")
    func damaged() async throws {
        let whole = try await sandbox.run(
            ["sh", "-c", "git rev-parse main~1:Procfile | sed 's,^..,&/,'"], in: project.folder
        ).success().stdout.trimmingCharacters(in: .newlines)
        try FileManager.default.removeItem(atPath: "\(project.folder)/.git/objects/\(whole)")
        let push = try await project.push("main~1:refs/heads/main").failure()
        #expect(push.stderr.contains("(BUILD_FAILED: the commit is not complete in this repository"), "\(push)")
    }
}
