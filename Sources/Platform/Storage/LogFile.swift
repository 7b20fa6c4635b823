internal import Diagnostics
internal import Synchronization
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// What the instances of an environment print, in a file that never grows beyond a limit.
///
/// When the file is full it becomes `<name>.1`, in the place of an older one. A log that cannot be written is no reason
/// for an app to stop.
final class LogFile: Sendable {
    private struct State {
        var descriptor: Int32 = -1
        var size: Int64 = 0
        var isRemoved = false
        /// How often the file has become the one before it.
        var turn = 0
        var readers: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextReader = 0
    }

    let path: String
    private let limit: Int64
    private let state = Mutex(State())

    init(path: String, limit: Int64 = 10 << 20) {
        self.path = path
        self.limit = limit
    }

    deinit {
        state.withLock { state in _ = state.descriptor >= 0 ? close(state.descriptor) : 0 }
    }

    /// Appends a line with the time and the process that printed it.
    func append(_ line: String, from process: String) {
        let bytes = Array("\(Timestamp.now()) \(process) | \(printable(line))\n".utf8)
        state.withLock { state in
            if state.isRemoved { return }
            if state.descriptor < 0 { open(&state) }
            if state.size + Int64(bytes.count) > limit, state.descriptor >= 0 {
                close(state.descriptor)
                rename(path, path + ".1")
                state.turn += 1
                open(&state)
            }
            guard state.descriptor >= 0 else { return }
            let written = write(state.descriptor, bytes, bytes.count)
            if written > 0 { state.size += Int64(written) }
            for reader in state.readers.values { reader.yield() }
        }
    }

    /// A signal for each line from now on, several may come as one; ends when the log is removed.
    func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number: Int? = state.withLock { state in
            if state.isRemoved { return nil }
            state.nextReader += 1
            state.readers[state.nextReader] = continuation
            return state.nextReader
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.readers[number] = nil } }
        return stream
    }

    /// Looks at the files while none of them changes; `turn` tells whether the current one is still the same.
    func withFile<Value: Sendable>(_ body: (_ turn: Int) -> Value) -> Value {
        state.withLock { body($0.turn) }
    }

    /// Removes the file and the full one before it; what is printed from now on is lost.
    func remove() {
        let readers: [AsyncStream<Void>.Continuation] = state.withLock { state in
            if state.descriptor >= 0 { close(state.descriptor) }
            state.descriptor = -1
            state.isRemoved = true
            for name in [path, path + ".1"] { unlink(name) }
            return Array(state.readers.values)
        }
        for reader in readers { reader.finish() }
    }

    private func open(_ state: inout State) {
        state.descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        state.size = (try? Stat(path))?.size ?? 0
    }
}

/// The last lines of a program's output, and those that nobody has read yet.
final class OutputTail: Sendable {
    private struct State {
        var tail: [String] = []
        var unread: [String] = []
        var unreadTotal = 0
    }

    private let state = Mutex(State())

    /// Keeps a line; beyond 500 unread ones only the tail goes on.
    func append(_ line: String) {
        state.withLock { state in
            state.tail.append(line)
            if state.tail.count > 200 { state.tail.removeFirst(100) }
            state.unreadTotal += 1
            if state.unreadTotal <= 500 { state.unread.append(line) }
        }
    }

    /// The last lines, at most 100.
    var lines: [String] { state.withLock { Array($0.tail.suffix(100)) } }

    /// The lines that came since the last call.
    func takeUnread() -> [String] {
        state.withLock { state in
            defer { state.unread = [] }
            return state.unread
        }
    }
}
