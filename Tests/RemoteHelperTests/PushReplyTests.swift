import Testing

@testable import RemoteHelper

struct PushReplyTests {
    @Test("success is one line")
    func ok() {
        #expect(PushReply.ok("refs/heads/main") == Array("ok refs/heads/main\n".utf8))
        #expect(PushReply.ok("refs/heads/main", forced: true) == Array("ok refs/heads/main forced update\n".utf8))
        #expect(PushReply.endOfBatch == Array("\n".utf8))
    }

    @Test(
        "each reason has git's exact words",
        arguments: [
            (RejectReason.nonFastForward, "non-fast forward"), (.fetchFirst, "fetch first"),
            (.needsForce, "needs force"),
            (.alreadyExists, "already exists"), (.staleInfo, "stale info"), (.upToDate, "up to date"),
            (.atomicPushFailed, "atomic push failed"), (.other("CRASHED: 'web' exited"), "CRASHED: 'web' exited"),
        ])
    func reasons(reason: RejectReason, text: String) {
        #expect(PushReply.error("refs/heads/a", reason) == Array("error refs/heads/a \(text)\n".utf8))
    }

    @Test(
        "a reason from outside becomes one harmless line",
        arguments: [
            ("two\nlines\r\n", "two lines"), ("ok refs/heads/x\n\nok y", "ok refs/heads/x ok y"), ("  a \t b  ", "a b"),
            ("", "no reason given"), (" \n ", "no reason given"), ("\u{1B}[31mred\u{7}", "[31mred"),
            ("a\u{2028}b", "a b"),
            ("abc\u{202E}fed", "abcfed"), ("größe → 2", "größe → 2"), ("a\u{0}b", "ab"),
            (#""quoted" text"#, #""\"quoted\" text""#), (#"back\slash"#, #"back\slash"#), (#"say "hi""#, #"say "hi""#),
        ])
    func sanitized(text: String, sent: String) {
        #expect(RejectReason.other(text).text == Array(sent.utf8))
    }

    @Test(
        "a reason from outside is never one of git's own",
        arguments: [
            "no match", "up to date", "non-fast forward", "already exists", "fetch first", "needs force", "stale info",
            "remote ref updated since checkout", "forced update", "expecting report", "atomic push failed",
        ])
    func magic(text: String) {
        for variant in [text, " \(text)\n", "\u{7}\(text)", text.split(separator: " ").joined(separator: "  ")] {
            #expect(RejectReason.other(variant).text == Array("refused: \(text)".utf8))
        }
        let quoted = RejectReason.other("\"\(text)\"").text
        #expect(CStyleQuoting.unquote(quoted) == Array("\"\(text)\"".utf8))
    }

    @Test("a long reason is cut between characters and says so", arguments: ["a", "é", "🚀", "\"", "\\\""])
    func long(unit: String) throws {
        for prefix in ["", "\""] {
            let text = RejectReason.other(prefix + String(repeating: unit, count: 600)).text
            #expect((490...RejectReason.maximumLength).contains(text.count))
            let shown = try #require(String(validating: CStyleQuoting.plain(text), as: UTF8.self))
            #expect(shown.hasSuffix("\(unit.suffix(1))…") || shown.hasSuffix("\(unit.prefix(1))…"))
        }
    }

    @Test("the longest reason that fits is not cut")
    func fits() {
        let text = String(repeating: "x", count: RejectReason.maximumLength)
        #expect(RejectReason.other(text).text == Array(text.utf8))
    }

    @Test("a ref name cannot start a second line")
    func refName() {
        #expect(PushReply.ok("refs/heads/a\nok refs/heads/b") == Array("ok refs/heads/aokrefs/heads/b\n".utf8))
    }
}
