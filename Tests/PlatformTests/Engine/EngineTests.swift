import Diagnostics
import Foundation
import GRDB
@testable import Platform
import PlatformAPI
import Synchronization
import Testing

@Suite("The engine: ends that are told, graces that nobody waits for", .timeLimit(.minutes(2)))
struct EngineTests {
    /// Answers no request and takes no SIGTERM.
    private static let stubborn = "trap '' TERM; while :; do sleep 1000 & wait; done"

    /// Serves, and takes no SIGTERM.
    private static let stubbornWeb = SampleApp.web.replacing("$s =", with: "$SIG{TERM} = \"IGNORE\"; $s =")

    @Test("A worker that crashes ends the deployment while web still has its time, and before anybody's grace")
    func crash() async throws {
        try await withEngine { fixture in
            let request = fixture.request(
                processes: ["web": Self.stubborn, "worker": "exit 3"], grace: 300, health: 3600)
            try await fixture.begin("dpl_1", request)
            let deployment = try await fixture.end(of: "dpl_1")
            #expect(deployment.status == .failed)
            #expect(deployment.failure?.code == .crashed)
            #expect(deployment.failure?.exitCode == 3)
        }
    }

    @Test("An end that the ledger cannot take is told again, once the release's files are gone")
    func fullDisk() async throws {
        try await withEngine { fixture in
            let refusals = Refusals(count: 2, folder: fixture.releases + "/dpl_1")
            try await fixture.ledger.pool.write { db in
                db.add(function: DatabaseFunction("refuse", argumentCount: 0) { _ in try refusals.next() })
                try db.execute(
                    sql: """
                        CREATE TEMP TRIGGER full BEFORE INSERT ON main.event WHEN NEW.type = 'end'
                        BEGIN SELECT refuse(); END
                        """)
            }
            try await fixture.begin("dpl_1", fixture.request(processes: ["web": "exit 1"]))
            #expect(try await fixture.end(of: "dpl_1").failure?.code == .crashed)
            #expect(refusals.sawFolder == [true, false, false])
            #expect(names(in: fixture.releases) == [])
        }
    }

    /// A ledger without space for some time, and whether the release's folder was there at each attempt.
    private final class Refusals: Sendable {
        private struct NoSpace: Error {}

        private let count: Int
        private let folder: String
        private let seen = Mutex<[Bool]>([])

        init(count: Int, folder: String) {
            self.count = count
            self.folder = folder
        }

        var sawFolder: [Bool] { seen.withLock { $0 } }

        func next() throws -> Int {
            let attempts = seen.withLock { seen in
                seen.append(FileManager.default.fileExists(atPath: folder))
                return seen.count
            }
            if attempts <= count { throw NoSpace() }
            return 0
        }
    }

    @Test("A removal is answered at once, though the release has a long grace")
    func tearDown() async throws {
        try await withEngine { fixture in
            try await fixture.begin(
                "dpl_1", fixture.request(processes: ["web": Self.stubbornWeb], grace: 300))
            #expect(try await fixture.end(of: "dpl_1").status == .healthy)
            #expect(await fixture.engine.openPorts().count == 1)

            let releases = try await fixture.ledger.releases(of: fixture.production)
            #expect(
                try await fixture.ledger.removeEnvironment(
                    fixture.production, with: nil, expecting: fixture.commit))
            await fixture.engine.tearDown(fixture.production, releases: releases)
            #expect(await fixture.engine.openPorts().isEmpty)
        }
    }

    @Test("What has switched cannot be canceled, though its end is not told yet")
    func lateCancel() async throws {
        try await withEngine { fixture in
            let engine = fixture.engine
            let canceled = Mutex<Bool?>(nil)
            try await fixture.begin("dpl_1", fixture.request(processes: ["web": SampleApp.web]))
            while canceled.withLock({ $0 }) == nil {
                let changes = fixture.feed.changes(of: "dpl_1")
                if try await fixture.ledger.events(of: "dpl_1", after: 0).last?.type == .end {
                    let answer = await engine.cancel("dpl_1")
                    canceled.withLock { $0 = answer }
                } else {
                    for await _ in changes { break }
                }
            }
            #expect(canceled.withLock { $0 } == false)
        }
    }

    @Test(
        "An app that listens on all addresses goes live with a notice, and was told where to listen",
        arguments: [true, false])
    func openToAll(isOpen: Bool) async throws {
        try await withEngine { fixture in
            let web = isOpen ? SampleApp.web.replacing("127.0.0.1", with: "0.0.0.0") : SampleApp.web
            let checked = "[ \"$HOST\" = 127.0.0.1 ] || exit 9; " + web
            try await fixture.begin("dpl_1", fixture.request(processes: ["web": checked]))
            #expect(try await fixture.end(of: "dpl_1").status == .healthy)
            let notices = try await fixture.ledger.events(of: "dpl_1", after: 0).filter { $0.type == .notice }
            #expect(notices.count == (isOpen ? 1 : 0))
            #expect(notices.allSatisfy { $0.message.hasPrefix("'web' listens on 0.0.0.0:") })
        }
    }

    @Test("The log of a removed environment goes with it")
    func logs() async throws {
        try await withEngine { fixture in
            try await fixture.begin("dpl_1", fixture.request(processes: ["web": "echo hello; " + SampleApp.web]))
            _ = try await fixture.end(of: "dpl_1")
            #expect(names(in: fixture.folder.path + "/logs").count == 1)
            await fixture.engine.tearDown(fixture.production, releases: [])
            #expect(names(in: fixture.folder.path + "/logs") == [])
        }
    }

    @Test("One app's broken repository does not keep the platform from coming up, and the others follow")
    func brokenRepository() async throws {
        try await withEngine { fixture in
            let broken = AppID(user: "acme", app: "broken")
            #expect(try await fixture.ledger.createApp(broken))
            try fixture.folder.write("a file where a folder should be".utf8, to: "repositories/acme/broken.git")
            let locked = "repositories/\(fixture.app).git/refs/heads/main.lock"
            try fixture.folder.write("".utf8, to: locked)
            try await fixture.ledger.changeRefs(
                of: fixture.app, [RefChange(ref: "refs/heads/main", old: nil, new: fixture.commit)])

            try await fixture.engine.recover()
            let clone = try await GitClient()
            let refs = try await clone.git(
                "ls-remote", "\(fixture.folder.path)/repositories/\(fixture.app).git", "main")
            #expect(refs == "\(fixture.commit)\trefs/heads/main")
        }
    }
}
