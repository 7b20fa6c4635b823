import Testing

@testable import RemoteHelper

struct OptionTests {
    @Test(
        "every option that git sends is answered as git's HTTP helper would, or honestly refused",
        arguments: [
            ("progress true", "ok"), ("progress false", "ok"), ("verbosity 0", "ok"), ("verbosity 4", "ok"),
            ("family ipv4", "ok"), ("family ipv6", "ok"), ("family all", "ok"), ("family ipx", "unsupported"),
            ("servpath /usr/bin/git-receive-pack", "unsupported"), ("depth 1", "ok"), ("depth 2147483647", "ok"),
            ("deepen-since 2020-01-01", "ok"), ("deepen-not \"refs/heads/\\303\\274\"", "ok"),
            ("deepen-relative true", "ok"),
            ("followtags true", "ok"), ("update-shallow true", "ok"), ("updateshallow yes", "unsupported"),
            ("rejectshallow 1", "unsupported"), ("refetch yes", "ok"), ("refetch true", "ok"),
            ("filter blob:none", "ok"),
            ("from-promisor 1", "ok"), ("no-dependents 1", "unsupported"), ("cloning true", "ok"),
            ("check-connectivity true", "ok"), ("object-format", "ok"), ("object-format true", "ok"),
            ("object-format sha1", "ok"), ("object-format sha256", "unsupported"), ("cas refs/heads/a:\(oneID)", "ok"),
            ("dry-run true", "ok"), ("pushcert true", "unsupported"), ("pushcert if-asked", "ok"),
            ("pushcert false", "ok"),
            ("atomic true", "ok"), ("force-if-includes true", "ok"), ("push-option ci.skip", "ok"),
            ("push-option ", "ok"),
            ("force true", "unsupported"), ("thin true", "unsupported"), ("colour mauve", "unsupported"),
            ("", "unsupported"), ("verbosity loud", "error verbosity takes a number"),
        ])
    func answers(option: String, answer: String) {
        var session = Session()
        #expect(session.receive(lines: ["option \(option)"]) == [.reply(text: "\(answer)\n")])
    }

    @Test("what git's HTTP helper must hear is kept in order, and nothing else")
    func passThrough() {
        var session = Session()
        _ = session.receive(lines: [
            "capabilities", "option progress true", "option verbosity 2", "option servpath x", "option family ipv6",
            "option object-format true", "option updateshallow yes", "option atomic true", "list",
            "option cloning true\r", "option filter blob:none", "fetch \(oneID) refs/heads/a", "", "option depth 0",
        ])
        #expect(
            session.passThroughOptions.map { String(decoding: $0, as: UTF8.self) } == [
                "option progress true", "option verbosity 2", "option family ipv6", "option object-format true",
                "option cloning true", "option filter blob:none", "option depth 0",
            ])
    }

    @Test("family, verbosity and object format are read")
    func sessionOptions() {
        var session = Session()
        #expect(session.options.family == .all)
        #expect(!session.options.asksForObjectFormat)
        #expect(session.options.verbosity == 1)
        _ = session.receive(lines: ["option family ipv6", "option object-format", "option verbosity 3"])
        #expect(session.options.verbosity == 3)
        #expect(session.options.family == .ipv6)
        #expect(session.options.asksForObjectFormat)
    }

    @Test(
        "booleans are read tolerantly",
        arguments: [
            (" true", true), (" yes", true), (" 1", true), ("", true), (" false", false), (" no", false), (" 0", false),
        ])
    func booleans(value: String, expected: Bool) throws {
        var session = Session()
        _ = session.receive(lines: ["option atomic\(value)", "option dry-run\(value)", "option progress\(value)"])
        let options = try push(in: &session)
        #expect(options.atomic == expected)
        #expect(options.dryRun == expected)
        #expect(options.progress == expected)
    }

    @Test(
        "push options keep order, repetitions and every character",
        arguments: [
            (#"a b"#, "a b"), (#""a \"b\"""#, #"a "b""#), (#""\303\274""#, "ü"), ("ü", "ü"), (#""a\nb""#, "a\nb"),
            (#""half"#, #""half"#), (#""two" words"#, #""two" words"#), ("", ""), ("k=v=w", "k=v=w"),
        ])
    func pushOptions(sent: String, value: String) throws {
        var session = Session()
        _ = session.receive(lines: [
            "option push-option first", "option push-option \(sent)", "option push-option first",
        ])
        #expect(try push(in: &session).pushOptions == ["first", value, "first"])
    }

    @Test("a push option that is not UTF-8 is refused")
    func pushOptionBytes() {
        var session = Session()
        let outcomes = session.receive(Array("option push-option ".utf8) + [0xFF])
        #expect(outcomes == [.reply(text: "error a push option must be UTF-8\n")])
    }

    @Test(
        "leases are read, quoted or not",
        arguments: [
            ("refs/heads/a:\(oneID)", "refs/heads/a", LeaseValue.oid(oneID)),
            ("refs/heads/a:\(zeroID)", "refs/heads/a", .mustNotExist),
            ("refs/heads/a:\(zeroID)\(zeroID.prefix(24))", "refs/heads/a", .mustNotExist),
            ("\"refs/heads/\\303\\274:\(oneID)\"", "refs/heads/ü", .oid(oneID)),
            ("refs/heads/ü:\(oneID)", "refs/heads/ü", .oid(oneID)),
            ("refs/heads/a:ABCDEF\(oneID.dropFirst(6))", "refs/heads/a", .oid("abcdef\(oneID.dropFirst(6))")),
        ])
    func leases(sent: String, ref: String, value: LeaseValue) throws {
        var session = Session()
        _ = session.receive(lines: ["option cas \(sent)", "option cas refs/heads/other:\(twoID)"])
        #expect(try push(in: &session).leases == [ref: value, "refs/heads/other": .oid(twoID)])
    }

    @Test(
        "a lease that cannot be read ends the session, because git would push without it",
        arguments: [
            "", "refs/heads/a", "refs/heads/a:", ":\(oneID)", "refs/heads/a:main", "refs/heads/a:\(oneID)1",
            "\"refs/heads/a",
        ])
    func brokenLease(value: String) {
        var session = Session()
        #expect(session.receive(lines: ["option cas \(value)"]).allSatisfy { $0.isProtocolError })
    }

    @Test("a batch's options are forgotten after it, the session's are kept")
    func reset() throws {
        var session = Session()
        _ = session.receive(lines: [
            "option verbosity 2", "option progress true", "option dry-run true", "option atomic true",
            "option force-if-includes true", "option push-option a", "option cas refs/heads/a:\(oneID)",
        ])
        var all = PushOptions()
        all.verbosity = 2
        all.progress = true
        let kept = all
        all.dryRun = true
        all.atomic = true
        all.forceIfIncludes = true
        all.pushOptions = ["a"]
        all.leases = ["refs/heads/a": .oid(oneID)]
        #expect(try push(in: &session) == all)
        #expect(try push(in: &session) == kept)
        _ = session.receive(lines: ["option atomic true", "fetch \(oneID) refs/heads/a", ""])
        #expect(try push(in: &session) == kept)
    }

    @Test("options after the last push line belong to the batch")
    func lateOption() {
        var session = Session()
        let outcomes = session.receive(lines: ["push a:refs/heads/a", "option atomic true", ""])
        var options = PushOptions()
        options.atomic = true
        let batch = PushBatch(updates: [PushCommand("a", "refs/heads/a")], options: options)
        #expect(outcomes == [.reply(text: "ok\n"), .push(batch)])
    }

    private func push(in session: inout Session) throws -> PushOptions {
        guard case .push(let batch)? = session.receive(lines: ["push a:refs/heads/a", ""]).last else {
            throw NoBatch()
        }
        return batch.options
    }

    private struct NoBatch: Error {}
}
