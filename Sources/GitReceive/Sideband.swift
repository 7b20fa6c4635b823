internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// The hook's way to the pusher: standard error, a pipe that a thread of `git receive-pack` empties into the connection.
///
/// When the pusher is gone, that thread ends at its next write, and leaves the pipe open for as long as `receive-pack`
/// waits for the hook. So no write fails then; what is written stays in the pipe, and that is how it is noticed.
final class Sideband: Sendable {
    private struct State {
        var written = 0
        /// How much of it had been read at the last look.
        var read = 0
        /// How many looks in a row have found nothing more read.
        var looks = 0
        var isBroken = false
    }

    private let descriptor: Int32
    private let patience: Int
    private let state = Mutex(State())

    /// - Parameter patience: after so many looks, and so many seconds before a full pipe, nobody listens any more.
    init(_ descriptor: Int32 = STDERR_FILENO, patience: Int = 5) {
        self.descriptor = descriptor
        self.patience = patience
    }

    /// Hands over whole lines.
    func write(_ text: String) {
        state.withLock { state in
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty, !state.isBroken {
                var place = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                let ready = poll(&place, 1, Int32(patience * 1000))
                // Where there is room at all, there is room for as much as a pipe takes in one piece.
                let count =
                    ready > 0
                    ? rest.prefix(4096).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } : -1
                if count > 0 {
                    rest = rest.dropFirst(count)
                    state.written += count
                } else if ready == 0 || errno != EINTR {
                    state.isBroken = true
                }
            }
        }
    }

    /// Looks whether somebody still reads what is written; tells nothing when nothing was.
    func isRead() -> Bool {
        state.withLock { state in
            var waiting: Int32 = 0
            guard !state.isBroken, ioctl(descriptor, UInt(FIONREAD), &waiting) == 0 else { return !state.isBroken }
            let read = state.written - Int(waiting)
            state.looks = waiting > 0 && read == state.read ? state.looks + 1 : 0
            state.read = read
            return state.looks < patience
        }
    }
}
