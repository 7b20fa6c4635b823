internal import Synchronization

/// The last lines that a program has said, for telling why it failed.
final class Said: Sendable {
    private let state = Mutex<[String]>([])

    var lines: [String] { state.withLock { $0 } }

    func add(_ line: String) {
        state.withLock { lines in
            lines.append(line)
            if lines.count > 200 { lines.removeFirst() }
        }
    }
}
