internal import PlatformAPI

#if canImport(Glibc)
    internal import Glibc
#endif

/// Reading what was printed, also while more comes.
extension LogFile {
    /// How far a reader has come.
    struct Position: Sendable {
        fileprivate let turn: Int
        fileprivate let offset: Int64
    }

    /// Everything that is kept, and the place behind it.
    func readAll() -> (lines: [LogLine], position: Position) {
        withFile { turn in
            let bytes = Self.read(path, from: 0)
            return (
                Self.lines(in: Self.read(path + ".1", from: 0)) + Self.lines(in: bytes),
                Position(turn: turn, offset: Int64(bytes.count))
            )
        }
    }

    /// What has come since, and the place behind it. A reader who is more than a whole file late misses what lies between.
    func read(after position: Position) -> (lines: [LogLine], position: Position) {
        withFile { turn in
            let isSame = turn == position.turn
            let rest = isSame ? [] : Self.read(path + ".1", from: turn == position.turn + 1 ? position.offset : 0)
            let bytes = Self.read(path, from: isSame ? position.offset : 0)
            return (
                Self.lines(in: rest) + Self.lines(in: bytes),
                Position(turn: turn, offset: Int64(bytes.count) + (isSame ? position.offset : 0))
            )
        }
    }

    private static func lines(in bytes: [UInt8]) -> [LogLine] {
        bytes.split(separator: UInt8(ascii: "\n")).compactMap { LogLine(logged: String(decoding: $0, as: UTF8.self)) }
    }

    /// The bytes of a file, which holds whole lines; nothing where there is none.
    private static func read(_ path: String, from offset: Int64) -> [UInt8] {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, Int64(facts.st_size) > offset else { return [] }
        return [UInt8](unsafeUninitializedCapacity: Int(Int64(facts.st_size) - offset)) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)))
        }
    }
}

extension LogLine {
    /// Reads a line as `LogFile` writes it: `<time> <process> | <text>`.
    init?(logged text: String) {
        let parts = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[2] == "|" else { return nil }
        self.init(time: String(parts[0]), process: String(parts[1]), message: String(parts[3]))
    }
}
