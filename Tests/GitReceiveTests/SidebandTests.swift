import Glibc
import Testing

@testable import GitReceive

/// A pusher who is gone is noticed by what nobody reads.
struct SidebandTests {
    private let reading: Int32
    private let writing: Int32

    init() {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        (reading, writing) = (ends[0], ends[1])
        signal(SIGPIPE, SIG_IGN)
    }

    private func readAll() {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        #expect(read(reading, &buffer, buffer.count) > 0)
    }

    @Test("Somebody is there while what was written is read, and nobody when it stays, however much is added")
    func readOrNot() {
        defer { _ = (close(reading), close(writing)) }
        let sideband = Sideband(writing, patience: 3)
        for _ in 0..<9 { #expect(sideband.isRead()) }
        for _ in 0..<9 {
            sideband.write("alive\n")
            #expect(sideband.isRead())
            readAll()
        }
        for _ in 0..<3 {
            sideband.write("alive\n")
            #expect(sideband.isRead())
        }
        sideband.write("alive\n")
        #expect(!sideband.isRead())
    }

    @Test("A pipe that is full and one that nobody has open end the writing")
    func full() {
        defer { close(writing) }
        let sideband = Sideband(writing, patience: 0)
        sideband.write(String(repeating: "x", count: 1 << 20))
        #expect(!sideband.isRead())
        close(reading)
        let closed = Sideband(writing)
        closed.write("alive\n")
        #expect(!closed.isRead())
    }
}
