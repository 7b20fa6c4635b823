package import Diagnostics
internal import Glibc
internal import Synchronization

/// The whole output of one command in a file, and its last lines in memory.
package final class CommandLog: Sendable {
    package let path: String
    private let state: Mutex<State>

    /// The most bytes of one log; what a command prints beyond them is not kept.
    static let limit = 256 << 20
    /// How many last lines a failure shows.
    static let tailLength = 20

    private struct State {
        var file: Int32
        var pending: [UInt8] = []
        var written = 0
        var tail: [String] = []
    }

    /// Makes the file anew in a folder that is there.
    package init(named command: String, in folder: String) throws(UserError) {
        let name = command.unicodeScalars.map { scalar -> Character in
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain ? Character(scalar) : "-"
        }
        path = "\(folder)/\(String(name)).log"
        unlink(path)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Folders.failure(path) }
        state = Mutex(State(file: file))
    }

    deinit { state.withLock { _ = close($0.file) } }

    /// Takes one line.
    package func add(_ line: String) {
        state.withLock { state in
            state.tail.append(line)
            if state.tail.count > 2 * Self.tailLength { state.tail.removeFirst(Self.tailLength) }
            guard state.written + state.pending.count < Self.limit else { return }
            state.pending += line.utf8
            state.pending.append(UInt8(ascii: "\n"))
            if state.pending.count > 64 << 10 { Self.flush(&state) }
        }
    }

    /// Writes what is not yet in the file.
    package func flush() {
        state.withLock { Self.flush(&$0) }
    }

    package var lastLines: [String] { state.withLock { Array($0.tail.suffix(Self.tailLength)) } }

    /// A full disk loses the log and nothing else: the command's own end is what counts.
    private static func flush(_ state: inout State) {
        let count = write(state.file, state.pending, state.pending.count)
        state.written += max(0, count)
        state.pending.removeAll(keepingCapacity: true)
    }
}
