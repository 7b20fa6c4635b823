internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// git's end of the line: the only way to speak to git, so that no stray print can break the protocol.
///
/// Reading happens on a thread of its own, which also notices at once that git is gone.
package final class GitChannel: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isOver = false
        var reader: CheckedContinuation<Void, Never>?
        var onEnd: (@Sendable () -> Void)?
    }

    private let output: Int32
    private let state = Mutex(State())

    /// Takes standard input and output over; what is printed from now on goes to standard error.
    package init() {
        output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
        dup2(STDERR_FILENO, STDOUT_FILENO)
        signal(SIGPIPE, SIG_IGN)
        DispatchQueue(label: "git").async { [weak self] in
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0, let self else { break }
                self.receive(buffer[..<count])
            }
            self?.end()
        }
    }

    private func receive(_ bytes: ArraySlice<UInt8>) {
        let reader = state.withLock { state in
            state.bytes += bytes
            return state.reader.take()
        }
        reader?.resume()
    }

    /// Ends the reading, as the end of the input does; also what a signal does.
    package func end() {
        let (reader, onEnd) = state.withLock { state in
            state.isOver = true
            return (state.reader.take(), state.onEnd.take())
        }
        reader?.resume()
        onEnd?()
    }

    /// Calls `action` when git goes away, or at once when it has; nil forgets an earlier one.
    package func whenOver(_ action: (@Sendable () -> Void)?) {
        let isOver = state.withLock { state in
            state.onEnd = state.isOver ? nil : action
            return state.isOver
        }
        if isOver { action?() }
    }

    /// The next line without its end, or nil when there is none to come.
    package func nextLine() async -> [UInt8]? {
        while true {
            let (line, isOver): ([UInt8]?, Bool) = state.withLock { state in
                guard let newline = state.bytes.firstIndex(of: UInt8(ascii: "\n")) else { return (nil, state.isOver) }
                let line = Array(state.bytes[..<newline])
                state.bytes.removeSubrange(...newline)
                return (line, false)
            }
            if let line { return line }
            if isOver { return nil }
            await more()
        }
    }

    /// Whatever has come since the last reading, or nil when there is nothing to come.
    package func nextChunk() async -> [UInt8]? {
        while true {
            let (chunk, isOver) = state.withLock { state in
                defer { state.bytes = [] }
                return (state.bytes, state.isOver)
            }
            if !chunk.isEmpty { return chunk }
            if isOver { return nil }
            await more()
        }
    }

    private func more() async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.isOver || !state.bytes.isEmpty { return true }
                state.reader = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
    }

    /// Writes all bytes to git; a git that is gone is noticed by reading.
    package func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }
}
