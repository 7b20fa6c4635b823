@testable import Deployers
import Diagnostics
import Foundation
import GitCore
import PlatformAPI
import RemoteHelper
import Testing

@testable import PushPipeline

/// What a push command means before anything is done for it.
final class RefUpdateTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "bim-refs-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try run(
            """
            git init -q -b main . ; git commit -q --allow-empty -m one; git commit -q --allow-empty -m two
            git branch other HEAD~1; git tag v1
            git checkout -q -b broken; printf 'proceses: {}\\n' > bim.yml; git add -A; git commit -qm broken; git checkout -q main
            """)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    @discardableResult
    private func run(_ script: String) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-ec", script]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardOutput = pipe
        process.environment = [
            "HOME": folder, "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b",
        ]
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(script)")
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    private func resolve(
        _ source: String?, to ref: String, live: String? = nil, force: Bool = false, lease: LeaseValue? = nil,
        policy: DeployPolicy = .always, environment: String? = nil, known: [String: ObjectID] = [:]
    ) throws -> RefUpdate {
        var options = PushOptions()
        options.leases[ref] = lease
        let refs = live.map {
            [ref: RefRecord(ref: ref, objectID: $0, environment: "production", release: 3, updatedAt: "t")]
        }
        let location = RepositoryLocation(environment: ["HOME": folder, "GIT_CONFIG_NOSYSTEM": "1"], folder: folder)
        let resolver = RefUpdateResolver(
            local: LocalRefs(location: location, known: known), refs: refs ?? [:], options: options, policy: policy,
            environment: environment)
        return try resolver.resolve(PushCommand(source: source.map { Array($0.utf8) }, destination: ref, force: force))
    }

    private func refusal(_ body: () throws -> RefUpdate) -> Refusal? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? Refusal
        }
    }

    @Test("A fast-forward deploys to production, and knows the release that is live")
    func fastForward() throws {
        let update = try resolve("main", to: "refs/heads/main", live: try run("git rev-parse main~1"))
        guard case .deploy(let commit, _, "production", false) = update.action else {
            Issue.record("\(update)")
            return
        }
        #expect(commit.summary == "two")
        #expect(!update.losesCommits && update.liveRelease == 3)
    }

    @Test("Losing commits needs force; what is not known here is fetched first; the same is up to date")
    func history() throws {
        let main = try run("git rev-parse main")
        #expect(refusal { try self.resolve("main~1", to: "refs/heads/main", live: main) }?.reason == .nonFastForward)
        #expect(try resolve("main~1", to: "refs/heads/main", live: main, force: true).losesCommits)
        let unknown = String(repeating: "a", count: 40)
        #expect(refusal { try self.resolve("main", to: "refs/heads/main", live: unknown) }?.reason == .fetchFirst)
        #expect(refusal { try self.resolve("HEAD", to: "refs/heads/main", live: main) }?.reason == .upToDate)
    }

    @Test("A lease is compared with the live value, and is itself the permission")
    func leases() throws {
        let (main, old) = (try run("git rev-parse main"), try run("git rev-parse main~1"))
        #expect(try resolve("main~1", to: "refs/heads/main", live: main, lease: .oid(main)).losesCommits)
        #expect(
            refusal { try self.resolve("main", to: "refs/heads/main", live: main, lease: .oid(old)) }?.reason
                == .staleInfo)
        #expect(
            refusal { try self.resolve("main", to: "refs/heads/main", live: old, lease: .mustNotExist) }?.reason
                == .staleInfo)
        #expect(try resolve("main", to: "refs/heads/main", lease: .mustNotExist).old == nil)
        #expect(try resolve("main", to: "refs/heads/main", live: old, force: true, lease: .mustNotExist).old != nil)
    }

    @Test("A ref that deploys nothing loses commits as little as a branch does")
    func storedHistory() throws {
        let (main, old) = (try run("git rev-parse main"), try run("git rev-parse main~1"))
        let unknown = String(repeating: "a", count: 40)
        let tree = try run("git rev-parse main^{tree}")
        for (source, live, reason) in [
            ("main~1", main, RejectReason.nonFastForward), ("main", unknown, .fetchFirst), ("main", tree, .needsForce),
            ("main^{tree}", main, .needsForce),
        ] {
            #expect(refusal { try self.resolve(source, to: "refs/notes/x", live: live) }?.reason == reason, "\(source)")
            #expect(try resolve(source, to: "refs/notes/x", live: live, force: true).losesCommits, "\(source)")
        }
        #expect(try !resolve("main", to: "refs/notes/x", live: old).losesCommits)
        #expect(try resolve("v1", to: "refs/tags/v1", live: old, force: true).losesCommits)
    }

    @Test("Where nothing is deployed, branches are stored and deleted like any other ref")
    func never() throws {
        let old = try run("git rev-parse main~1")
        let update = try resolve("main", to: "refs/heads/main", live: old, policy: .never)
        #expect(update.storedID?.hex == (try run("git rev-parse main")))
        guard case .delete = try resolve(nil, to: "refs/heads/main", live: old, policy: .never).action else {
            Issue.record("the environment goes with the branch")
            return
        }
    }

    @Test("A branch that moved since git asked for the refs is pushed as it was")
    func moved() throws {
        let old = try #require(ObjectID(hex: try run("git rev-parse main~1")))
        for (source, expected) in [("main", old), ("refs/heads/main^{commit}", old), ("main~0", old)] {
            let update = try resolve(source, to: "refs/heads/x", known: ["refs/heads/main": old])
            guard case .deploy(let commit, _, _, _) = update.action else {
                Issue.record("\(update)")
                continue
            }
            #expect(commit.id == expected, "\(source)")
        }
    }

    @Test("The pusher may name the environment; one that nobody declared is a preview")
    func environments() throws {
        for (name, isPreview, ref) in [("production", false, "refs/heads/main"), ("review", true, "refs/heads/review")]
        {
            let update = try resolve("main", to: "refs/heads/x", environment: name)
            guard case .deploy(_, _, name, isPreview) = update.action else {
                Issue.record("not deployed to \(name)")
                continue
            }
            // The environment's own branch moves, and the pushed one does not.
            #expect(update.ref == ref)
            #expect(update.destinationID == RefUpdate.noObject)
        }
        #expect(try resolve("main", to: "refs/heads/main", environment: "production").destinationID == nil)
    }

    @Test("Tags are stored, existing ones are kept, deletions of branches take the environment along")
    func others() throws {
        guard case .store = try resolve("v1", to: "refs/tags/v1").action else {
            Issue.record("a tag is not stored")
            return
        }
        let old = try run("git rev-parse main~1")
        #expect(refusal { try self.resolve("v1", to: "refs/tags/v1", live: old) }?.reason == .alreadyExists)
        guard case .tearDown("production") = try resolve(nil, to: "refs/heads/main", live: old).action else {
            Issue.record("the environment stays")
            return
        }
        guard case .delete = try resolve(nil, to: "refs/heads/main").action else {
            Issue.record("what is not there has an environment")
            return
        }
    }

    @Test("What cannot be deployed is refused with a code and a hint")
    func refusals() throws {
        for (source, ref, code) in [
            ("nothing", "refs/heads/main", ErrorCode.configInvalid), ("main^{tree}", "refs/heads/main", .configInvalid),
            ("main", "refs/bim/x", .branchNotMapped), ("main", "HEAD", .branchNotMapped),
            ("broken", "refs/heads/main", .configInvalid),
        ] {
            let error = refusal { try self.resolve(source, to: ref) }?.error
            #expect(error?.code == code, "\(source) → \(ref)")
            #expect(error?.hint != nil, "\(source) → \(ref)")
        }
        #expect(
            refusal { try self.resolve("broken", to: "refs/heads/main") }?.error?.message.contains("bim.yml:1") == true)
    }
}
