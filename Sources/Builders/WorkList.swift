internal import Synchronization

/// Hands out numbers, each once, to tasks that share work, and counts what is done.
final class WorkList: Sendable {
    private let state: Mutex<(next: Int, done: Int)> = Mutex((0, 0))
    private let count: Int

    init(count: Int) { self.count = count }

    func next() -> Int? {
        state.withLock { state in
            guard state.next < count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    func finish() -> Int {
        state.withLock { state in
            state.done += 1
            return state.done
        }
    }
}
