import Testing

@testable import RemoteHelper

struct SessionTests {
    @Test("capabilities are what git's HTTP helper offers, with push and without get")
    func capabilities() {
        var session = Session()
        let text = "option\npush\nfetch\nstateless-connect\ncheck-connectivity\nobject-format\n\n"
        #expect(session.receive(lines: ["capabilities"]) == [.reply(text: text)])
    }

    @Test("where git connects itself, the session offers that for reading, and pushes stay its own")
    func connection() {
        var session = Session(reading: .connection)
        #expect(
            session.receive(lines: ["capabilities", "connect git-receive-pack", "connect git-upload-pack"]) == [
                .reply(text: "option\npush\nconnect\nobject-format\n\n"), .reply(text: "fallback\n"),
                .connect(service: "git-upload-pack"),
            ])
        #expect(session.receive(lines: ["option servpath /x/git-receive-pack"]) == [.reply(text: "ok\n")])
        #expect(session.options.servicePath == "/x/git-receive-pack")
    }

    @Test(
        "a line that stands alone has one outcome",
        arguments: [
            ("list", Outcome.list(forPush: false)),
            ("list for-push", .list(forPush: true)),
            ("stateless-connect git-upload-pack", .statelessConnect(service: "git-upload-pack")),
            ("", .finished),
        ])
    func single(line: String, outcome: Outcome) {
        var session = Session()
        #expect(session.receive(lines: [line]) == [outcome])
    }

    @Test("line ends are optional and may be CRLF", arguments: ["list", "list\n", "list\r\n"])
    func lineEnds(line: String) {
        var session = Session()
        #expect(session.receive(Array(line.utf8)) == [.list(forPush: false)])
    }

    @Test("a session can list, connect, fall back, fetch and finish")
    func wholeFetch() {
        var session = Session()
        let outcomes = session.receive(lines: [
            "stateless-connect git-upload-pack", "list", "fetch \(oneID) refs/heads/main", "", "",
        ])
        let request = FetchRequest(objectID: oneID, name: Array("refs/heads/main".utf8))
        #expect(
            outcomes == [
                .statelessConnect(service: "git-upload-pack"), .list(forPush: false), .fetch([request]), .finished,
            ]
        )
    }

    @Test("a fetch batch keeps git's order and drops what it repeats")
    func fetchTwice() {
        var session = Session()
        let outcomes = session.receive(lines: [
            "fetch \(twoID) refs/heads/main", "fetch \(oneID) refs/heads/a b", "fetch \(twoID) refs/heads/main",
            "fetch \(twoID) \(twoID)", "",
        ])
        let names = [(twoID, "refs/heads/main"), (oneID, "refs/heads/a b"), (twoID, twoID)]
        #expect(outcomes == [.fetch(names.map { FetchRequest(objectID: $0, name: Array($1.utf8)) })])
    }

    @Test("a fetched name is kept byte for byte")
    func fetchLatin1() {
        var session = Session()
        _ = session.receive(Array("fetch \(oneID) refs/heads/".utf8) + [0xFC])
        let request = FetchRequest(objectID: oneID, name: Array("refs/heads/".utf8) + [0xFC])
        #expect(session.receive([]) == [.fetch([request])])
    }

    @Test("a push batch holds all its updates")
    func pushBatch() {
        var session = Session()
        let outcomes = session.receive(lines: [
            "push refs/heads/main:refs/heads/main", "push +HEAD~1:refs/heads/next", "push :refs/heads/old", "",
        ])
        let updates = [
            PushCommand("refs/heads/main", "refs/heads/main"), PushCommand("HEAD~1", "refs/heads/next", force: true),
            PushCommand(nil, "refs/heads/old"),
        ]
        #expect(outcomes == [.push(PushBatch(updates: updates))])
    }

    @Test("ten thousand updates are one batch")
    func largeBatch() {
        var session = Session()
        let lines = (0..<10_000).map { "push +refs/tags/\($0):refs/tags/\($0)" }
        guard case .push(let batch)? = session.receive(lines: lines + [""]).last else {
            Issue.record("no batch")
            return
        }
        #expect(batch.updates.count == 10_000)
    }

    @Test(
        "the end of input is the end of the session where nothing is pending",
        arguments: [
            [], ["capabilities"], ["capabilities", "option verbosity 1"], ["list for-push"], ["option dry-run true"],
            ["push a:refs/heads/a", ""], ["fetch \(oneID) refs/heads/a", ""], [""],
        ])
    func endOfInput(lines: [String]) {
        var session = Session()
        _ = session.receive(lines: lines)
        #expect(session.endOfInput() == .finished)
    }

    @Test(
        "the end of input inside a batch is an error and the batch is lost",
        arguments: [
            ["push a:refs/heads/a"], ["push a:refs/heads/a", "option atomic true"], ["fetch \(oneID) refs/heads/a"],
            ["push a:refs/heads/a", "", "push b:refs/heads/b"],
        ])
    func endOfInputInBatch(lines: [String]) {
        var session = Session()
        _ = session.receive(lines: lines)
        #expect(session.endOfInput().isProtocolError)
        #expect(session.receive([]).allSatisfy { $0.isProtocolError })
    }

    @Test(
        "nonsense ends the session",
        arguments: [
            ["hello"], ["LIST"], ["list for-fetch"], ["list "], [" "], ["capabilities now"], ["option"], ["push"],
            ["fetch"],
            ["push a"], ["push a:"], ["push :"], ["push +:"], ["push "], ["push a:refs/heads/b c"],
            ["push a:refs/heads/\u{7F}"],
            ["push a:refs/heads/a", "push b:refs/heads/a"], ["push a:refs/heads/a", "list"],
            ["push a:refs/heads/a", "fetch \(oneID) refs/heads/a"],
            ["fetch \(oneID) refs/heads/a", "push a:refs/heads/a"],
            ["fetch \(oneID)"], ["fetch \(oneID) "], ["fetch 123 refs/heads/a"], ["fetch \(oneID)1 refs/heads/a"],
            ["connect git-upload-pack"], ["stateless-connect"], ["stateless-connect "], ["import refs/heads/a"],
            ["list\u{0}"], ["list\nlist"], ["push a:refs/heads/a\npush b:refs/heads/b"],
        ])
    func nonsense(lines: [String]) {
        var session = Session()
        let last = session.receive(lines: lines).last
        #expect(last?.isProtocolError == true)
        #expect(session.receive(lines: ["list"]) == [last])
        #expect(session.endOfInput() == last)
    }

    @Test("a destination that is not UTF-8 ends the session")
    func destinationBytes() {
        var session = Session()
        #expect(session.receive(Array("push a:refs/heads/".utf8) + [0xFF])[0].isProtocolError)
    }

    @Test("a line of a mebibyte is read and a longer one ends the session")
    func longLines() {
        var session = Session()
        let source = [UInt8](repeating: UInt8(ascii: "x"), count: Session.maximumLineLength - 20)
        let line = Array("push ".utf8) + source + Array(":refs/heads/abc".utf8)
        #expect(line.count == Session.maximumLineLength)
        #expect(session.receive(line) == [])
        #expect(session.receive(line + [UInt8(ascii: "d")])[0].isProtocolError)
    }

    @Test("a protocol error shows the line without control characters")
    func errorText() {
        var session = Session()
        #expect(session.receive(lines: ["\u{1B}[2Jhello"]) == [.protocolError("unexpected line '?[2Jhello'")])
    }
}
