import Foundation
import Glibc
import Testing

/// `kill -9` of every process at every step: the old release answers, the ledger is true, and pushing again works.
@Suite(.serialized)
struct KillTests {
    /// Who is killed.
    enum Victim: String, CaseIterable, CustomTestStringConvertible {
        case helper = "git-remote-bim"
        case git = "git"
        case platform = "bim-platform"

        var testDescription: String { rawValue }
    }

    /// When: as soon as standard error says so, or for the slow app's start when its process is there.
    enum Moment: String, CaseIterable, CustomTestStringConvertible {
        case beginning = "main → production"
        case built = "  build   "
        case uploaded = "  upload  "
        case starting

        var testDescription: String { rawValue }
    }

    private let sandbox: Sandbox
    private let project: Project

    init() async throws {
        sandbox = try Sandbox()
        project = try await Project(in: sandbox)
        try await project.commitApp(answering: "old")
        try await project.push().success()
    }

    @Test(
        "Killed at any step, the push leaves the old release or makes the new one live", arguments: Victim.allCases,
        Moment.allCases)
    func push(_ victim: Victim, _ moment: Moment) async throws {
        let old = try await project.objectID("HEAD")
        let new = try await project.commitApp(answering: "new", before: "time.sleep(1)")
        let push = try project.startPush()
        switch moment {
        case .starting:
            _ = try await eventually("the new app starts") {
                sandbox.processes().compactMap(ProcessFacts.init)
                    .first { $0.environment.contains("BIM_COMMIT=\(new)") }
            }
        default: try await push.says(moment.rawValue)
        }
        try kill(victim, push)
        _ = try await push.finish()
        try await settle(old: old, new: new)
    }

    @Test("An app that is killed comes back by itself")
    func app() async throws {
        let url = try await project.url()
        let instance = try #require(
            sandbox.processes().compactMap(ProcessFacts.init).first { $0.arguments.first?.hasSuffix("python3") == true }
        )
        Glibc.kill(instance.id, SIGKILL)
        // A connection that the app had taken before it was gone breaks with it; the next one waits for the new app.
        _ = try await eventually("the app is gone") { ProcessFacts(instance.id) == nil ? true : nil }
        #expect(try await WebClient.get(url).body == "old")
        #expect(try await project.status().environment()?.live_release == 1)
    }

    private func kill(_ victim: Victim, _ push: ChildProcess) throws {
        switch victim {
        case .git: push.kill(SIGKILL)
        case .platform: Glibc.kill(try #require(sandbox.platformProcess), SIGKILL)
        case .helper:
            for facts in sandbox.processes().compactMap(ProcessFacts.init)
            where facts.arguments.first?.hasSuffix("git-remote-bim") == true {
                Glibc.kill(facts.id, SIGKILL)
            }
        }
    }

    /// Waits until nothing moves any more, and holds ledger, URL and refs against each other; then pushes again.
    private func settle(old: String, new: String) async throws {
        // What the killed push asked for last may still be on its way to the platform, so all is read until it agrees.
        _ = try await eventually("ledger, URL and refs agree") { () async throws -> Bool? in
            guard let status = try? await project.status(), let live = status.objectID(), [old, new].contains(live),
                status.environment()?.state == "running",
                !status.deployments.contains(where: { ["queued", "pulling", "starting"].contains($0.status) }),
                status.deployments.first(where: { $0.status == "healthy" })?.commit == live,
                (try? await project.answer()) == (live == new ? "new" : "old"),
                (try? await project.remoteObjectID()) == live
            else { return nil }
            return true
        }
        try await project.push().success()
        #expect(try await project.answer() == "new")
        try await requireNothingLeft()
    }

    /// No half-made file, and no instance but the live one.
    private func requireNothingLeft() async throws {
        let manager = FileManager.default
        #expect(try manager.contentsOfDirectory(atPath: sandbox.platformFolder + "/registry/uploads") == [])
        let releases = try manager.contentsOfDirectory(atPath: sandbox.platformFolder + "/releases")
        #expect(releases.allSatisfy { !$0.hasSuffix(".partial") })
        let layers = try manager.contentsOfDirectory(atPath: sandbox.cacheFolder + "/layers")
        #expect(layers.allSatisfy { !$0.hasPrefix("partial-") })
        let left = try await eventually("the old instances are gone") { () -> Int? in
            let apps = sandbox.processes().compactMap(ProcessFacts.init).filter {
                $0.arguments.first?.hasSuffix("python3") == true
            }
            return apps.count == 1 ? 1 : nil
        }
        #expect(left == 1)
        #expect(
            !sandbox.processes().compactMap(ProcessFacts.init).contains {
                $0.arguments.first?.hasSuffix("git-remote-bim") == true
            })
    }
}
