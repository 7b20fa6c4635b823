import Testing

@testable import RemoteHelper

/// The installed git as the peer: it must understand the replies, and the session must understand it.
struct GitPeerTests {
    private let helper: RecordingHelper

    init() throws {
        helper = try RecordingHelper()
    }

    @Test(
        "git shows each reason as it should",
        arguments: [
            (RejectReason.nonFastForward, "!", "[rejected] (non-fast-forward)", 1 as Int32),
            (.fetchFirst, "!", "[rejected] (fetch first)", 1), (.needsForce, "!", "[rejected] (needs force)", 1),
            (.alreadyExists, "!", "[rejected] (already exists)", 1), (.staleInfo, "!", "[rejected] (stale info)", 1),
            (.upToDate, "=", "[up to date]", 0), (.atomicPushFailed, "!", "[remote rejected] (atomic push failed)", 1),
            (.other("CRASHED: 'web' exited"), "!", "[remote rejected] (CRASHED: 'web' exited)", 1),
            (.other("up to date"), "!", "[remote rejected] (refused: up to date)", 1),
            (.other("no match"), "!", "[remote rejected] (refused: no match)", 1),
            (.other("\"up to date\""), "!", "[remote rejected] (\"up to date\")", 1),
            (.other("a \"b\" \\c\nok refs/heads/main"), "!", "[remote rejected] (a \"b\" \\c ok refs/heads/main)", 1),
        ])
    func reasons(reason: RejectReason, flag: String, text: String, status: Int32) throws {
        try helper.write(PushReply.error("refs/heads/main", reason) + PushReply.endOfBatch, to: "answer")
        let push = try helper.git("-C", "work", "push", "--porcelain", "rec::x", "main")
        #expect(push.output.contains("\(flag)\trefs/heads/main:refs/heads/main\t\(text)\n"))
        #expect(push.status == status)
    }

    @Test("git shows a success and a forced one", arguments: [(false, " "), (true, "+")])
    func success(forced: Bool, flag: String) throws {
        let old = try helper.git("-C", "work", "rev-parse", "HEAD").output.prefix(40)
        try helper.git("-C", "work", "commit", "--quiet", "--allow-empty", "--message=second")
        try helper.write("\(old) refs/heads/main\n\n", to: "refs")
        try helper.write(PushReply.ok("refs/heads/main", forced: forced) + PushReply.endOfBatch, to: "answer")
        let push = try helper.git("-C", "work", "push", "--porcelain", "rec::x", "main")
        #expect(push.output.contains("\(flag)\trefs/heads/main:refs/heads/main\t"))
        #expect(push.status == 0)
    }

    @Test("the session understands a push with everything on it")
    func wholePush() throws {
        try helper.write(RefAdvertisement(refs: [.init(objectID: oneID, name: "refs/heads/old")]).lines(), to: "refs")
        try helper.git(
            "-C", "work", "push", "-q", "--dry-run", "--atomic", "-o", "a \"b\"", "-o", "ü", "-o", "plain",
            "--force-with-lease=main:", "--force-with-lease=old:\(oneID)", "rec::x", "main",
            ":/hello world:refs/heads/größe",
            ":refs/heads/old", "+HEAD:refs/heads/forced")
        var options = PushOptions()
        options.dryRun = true
        options.atomic = true
        options.pushOptions = ["a \"b\"", "ü", "plain"]
        options.leases = ["refs/heads/main": .mustNotExist, "refs/heads/old": .oid(oneID)]
        options.verbosity = 0
        let updates = [
            PushCommand(nil, "refs/heads/old"), PushCommand("HEAD", "refs/heads/forced", force: true),
            PushCommand(":/hello world", "refs/heads/größe"), PushCommand("refs/heads/main", "refs/heads/main"),
        ]
        let batches = try outcomes().compactMap { if case .push(let batch) = $0 { batch } else { nil } }
        let batch = try #require(batches.first)
        #expect(batches.count == 1)
        #expect(batch.options == options)
        #expect(
            batch.updates.sorted { $0.destination < $1.destination }
                == updates.sorted { $0.destination < $1.destination })
    }

    @Test("the session understands a clone")
    func clone() throws {
        let refs = [RefAdvertisement.Ref(objectID: oneID, name: "refs/heads/main")]
        try helper.write(RefAdvertisement(refs: refs, head: "refs/heads/main").lines(objectFormat: .sha1), to: "refs")
        try helper.git("clone", "--quiet", "--depth=1", "rec::x", "copy")
        let request = FetchRequest(objectID: oneID, name: Array("refs/heads/main".utf8))
        let outcomes = try outcomes()
        #expect(outcomes.contains(.list(forPush: false)))
        #expect(outcomes.contains(.fetch([request])))
        #expect(!outcomes.contains { $0.isProtocolError })
    }

    @Test("git reads an advertisement with HEAD, tags and an object format")
    func lsRemote() throws {
        let refs = [("refs/heads/main", oneID), ("refs/tags/v1", twoID)]
            .map { RefAdvertisement.Ref(objectID: $1, name: $0) }
        try helper.write(RefAdvertisement(refs: refs, head: "refs/heads/main").lines(objectFormat: .sha1), to: "refs")
        let list = try helper.git("-C", "work", "ls-remote", "--symref", "rec::x")
        #expect(
            list.output == """
                ref: refs/heads/main\tHEAD
                \(oneID)\tHEAD
                \(oneID)\trefs/heads/main
                \(twoID)\trefs/tags/v1

                """)
    }

    /// What the session makes of all that git said.
    private func outcomes() throws -> [Outcome] {
        var session = Session()
        return try helper.heard().flatMap { session.receive($0) }
    }
}
