@testable import Platform
import PlatformAPI
import Testing

struct LogReadingTests {
    @Test("A reader hears each line once, also across the turn of a full file")
    func turns() throws {
        let folder = try TemporaryFolder()
        let log = LogFile(path: folder.path + "/app.log", limit: 200)
        var (lines, position) = log.readAll()
        #expect(lines.isEmpty)
        var heard: [String] = []
        for number in 1...20 {
            log.append("line \(number)", from: "web")
            (lines, position) = log.read(after: position)
            heard += lines.map(\.message)
        }
        #expect(heard == (1...20).map { "line \($0)" })
        let kept = log.readAll().lines
        #expect(kept.count > 3 && kept.last?.message == "line 20")
        #expect(kept.last?.process == "web")
    }

    @Test("Who follows is woken by a line, and told the end when the log is removed")
    func changes() async throws {
        let folder = try TemporaryFolder()
        let log = LogFile(path: folder.path + "/app.log")
        var changes = log.changes().makeAsyncIterator()
        log.append("one", from: "web")
        #expect(await changes.next() != nil)
        log.remove()
        #expect(await changes.next() == nil)
        for await _ in log.changes() { Issue.record("a removed log tells nothing") }
    }
}
