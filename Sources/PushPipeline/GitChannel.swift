internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// git's end of the line: the only way to speak to git, so that no stray print can break the protocol.
///
/// Reading happens on a thread of its own, which also notices at once that git is gone.
package final class GitChannel: Sendable {
    /// How git goes away.
    package enum Ending: Sendable, Equatable {
        /// It has closed its end; what it has asked for may still be answered.
        case input
        /// It has closed its end, and what it has asked for takes too long after that.
        case aborted
        /// A signal came; `SIGPIPE` stands for what was written and not taken. Nobody listens any more.
        case signal(Int32)
    }

    private struct State {
        var bytes: [UInt8] = []
        /// How many of them have been read.
        var read = 0
        var ending: Ending?
        var reader: CheckedContinuation<Void, Never>?
        var onEnd: (@Sendable (Ending) -> Void)?
    }

    /// A line that is longer is handed over in pieces, which no reader takes for a command.
    private static let longestLine = 2 << 20

    private let output: Int32
    private let state = Mutex(State())

    /// Takes standard input and output over; what is printed from now on goes to standard error.
    package static func standard() -> GitChannel {
        let output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
        dup2(STDERR_FILENO, STDOUT_FILENO)
        return GitChannel(reading: STDIN_FILENO, writing: output)
    }

    /// Speaks over two descriptors, which stay the caller's.
    package init(reading input: Int32, writing output: Int32) {
        self.output = output
        Glibc.signal(SIGPIPE, SIG_IGN)
        DispatchQueue(label: "git").async { [weak self] in
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = Glibc.read(input, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0, let self else { break }
                self.receive(buffer[..<count])
            }
            self?.end(.input)
        }
    }

    private func receive(_ bytes: ArraySlice<UInt8>) {
        let reader = state.withLock { state in
            state.bytes += bytes
            return state.reader.take()
        }
        reader?.resume()
    }

    /// Ends the reading, as the end of the input does.
    package func end(_ ending: Ending) {
        let (reader, onEnd) = state.withLock { state in
            if state.ending.isOpen { state.ending = ending }
            return (state.reader.take(), state.onEnd)
        }
        reader?.resume()
        onEnd?(ending)
    }

    /// The signal that has ended it, if one has.
    package var signal: Int32? {
        if case .signal(let number) = state.withLock({ $0.ending }) { number } else { nil }
    }

    /// Calls `action` whenever git goes away in one of the two ways, and at once when it has; nil forgets an earlier one.
    package func whenOver(_ action: (@Sendable (Ending) -> Void)?) {
        let past = state.withLock { state in
            state.onEnd = action
            return state.ending
        }
        if let past { action?(past) }
    }

    /// What a look at the state finds: something, the end, or that there is more to wait for than `known` bytes.
    private enum Look {
        case found([UInt8])
        case over
        case wait(known: Int)
    }

    /// The next line without its end, or nil when there is none to come.
    package func nextLine() async -> [UInt8]? {
        await next { state in
            if !state.ending.isOpen { return .over }
            let unread = state.bytes[state.read...]
            guard let newline = unread.firstIndex(of: UInt8(ascii: "\n")) else {
                if unread.count > Self.longestLine { return .found(Self.take(&state)) }
                return state.ending == nil ? .wait(known: state.bytes.count) : .over
            }
            let line = Array(unread[..<newline])
            state.read = newline + 1
            if state.read == state.bytes.count { _ = Self.take(&state) }
            return .found(line)
        }
    }

    /// Whatever has come since the last reading, or nil when there is nothing to come.
    package func nextChunk() async -> [UInt8]? {
        await next { state in
            let chunk = Self.take(&state)
            if !chunk.isEmpty { return .found(chunk) }
            return state.ending == nil ? .wait(known: 0) : .over
        }
    }

    private static func take(_ state: inout State) -> [UInt8] {
        defer { (state.bytes, state.read) = ([], 0) }
        return state.read == 0 ? state.bytes : Array(state.bytes[state.read...])
    }

    private func next(_ look: (inout State) -> Look) async -> [UInt8]? {
        while true {
            switch state.withLock({ look(&$0) }) {
            case .found(let bytes): return bytes
            case .over: return nil
            case .wait(let known): await more(than: known)
            }
        }
    }

    private func more(than known: Int) async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.ending != nil || state.bytes.count > known { return true }
                state.reader = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
    }

    /// Writes all bytes to git; when git does not take them, everything that is under way for it is aborted.
    package func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return end(.signal(SIGPIPE))
            }
        }
    }
}

extension GitChannel.Ending? {
    /// Whether what git has written already still counts.
    fileprivate var isOpen: Bool { self == nil || self == .input }
}
