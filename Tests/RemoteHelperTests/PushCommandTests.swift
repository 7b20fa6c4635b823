import Testing

@testable import RemoteHelper

struct PushCommandTests {
    @Test(
        "the last colon divides source and destination",
        arguments: [
            ("main:refs/heads/main", PushCommand("main", "refs/heads/main")),
            ("+main:refs/heads/main", PushCommand("main", "refs/heads/main", force: true)),
            (":refs/heads/main", PushCommand(nil, "refs/heads/main")),
            ("+:refs/heads/main", PushCommand(nil, "refs/heads/main", force: true)),
            ("main^{tree}:refs/x/tree", PushCommand("main^{tree}", "refs/x/tree")),
            ("main@{0}:refs/heads/a", PushCommand("main@{0}", "refs/heads/a")),
            (":/hello world:refs/heads/a", PushCommand(":/hello world", "refs/heads/a")),
            ("HEAD^{/a: b}:refs/heads/a", PushCommand("HEAD^{/a: b}", "refs/heads/a")),
            ("main:src/a.c:refs/x/blob", PushCommand("main:src/a.c", "refs/x/blob")),
            ("größe:refs/heads/größe", PushCommand("größe", "refs/heads/größe")),
            (" :refs/heads/a", PushCommand(" ", "refs/heads/a")),
            ("a:HEAD", PushCommand("a", "HEAD")),
        ])
    func refspec(text: String, command: PushCommand) {
        #expect(PushCommand(refspec: text.utf8) == command)
    }

    @Test("a source need not be UTF-8")
    func sourceBytes() {
        let command = PushCommand(refspec: [0xFF, 0xFE] + Array(":refs/heads/a".utf8))
        #expect(command == PushCommand(source: [0xFF, 0xFE], destination: "refs/heads/a"))
    }
}
