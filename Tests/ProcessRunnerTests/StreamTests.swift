import ProcessRunner
import Testing

@Suite struct StreamTests {
    @Test("Lines come in order and are told apart by stream")
    func lines() async throws {
        let lines = Collector()
        let status = try await shell("for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf last; exit 3")
            .stream(deadline: .seconds(20)) { lines.add($0.text, $0.stream) }
        #expect(status == .exited(3))
        #expect(lines.texts(of: .output) == ["out 1", "out 2", "out 3", "last"])
        #expect(lines.texts(of: .error) == ["err 1", "err 2", "err 3"])
    }

    @Test("The standard input is empty")
    func noInput() async throws {
        #expect(try await Command("cat", environment: basic).stream(deadline: .seconds(20)) { _ in } == .exited(0))
    }

    @Test("The process id is that of a session of its own")
    func session() async throws {
        let lines = Collector()
        let ids = Collector()
        _ = try await shell("cut -d' ' -f4-6 /proc/$$/stat; echo $$").stream(
            deadline: .seconds(20), onStart: { ids.add("\($0)") }, { lines.add($0.text) })
        let id = try #require(ids.texts.first)
        #expect(lines.texts.last == id)
        #expect(lines.texts.first?.hasSuffix(" \(id) \(id)") == true)
    }

    @Test(
        "Bytes become lines",
        arguments: [
            (["a\nb\n"], ["a", "b"]),
            (["a", "b\nc"], ["ab", "c"]),
            (["\n\n"], ["", ""]),
            (["dos\r\nline\r", "\n"], ["dos", "line"]),
            (["progress\rbar\n"], ["progress\rbar"]),
            ([], []),
        ])
    func splitting(pieces: [String], expected: [String]) {
        var splitter = LineSplitter()
        var lines = pieces.flatMap { splitter.receive(Array($0.utf8)) }
        if let last = splitter.finish() { lines.append(last) }
        #expect(lines == expected)
    }

    @Test("Long lines are cut and foreign bytes replaced")
    func hostileLines() {
        var splitter = LineSplitter()
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 20_000)
        #expect(splitter.receive(long).isEmpty)
        let lines = splitter.receive(long + [10, 0xFF, 0x41, 10])
        #expect(lines == [String(repeating: "x", count: LineSplitter.limit), "\u{FFFD}A"])
        #expect(splitter.finish() == nil)
    }
}
