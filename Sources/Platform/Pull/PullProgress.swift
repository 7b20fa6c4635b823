internal import Diagnostics
internal import Synchronization

/// Counts what has come of an artifact, and says so now and then.
final class PullProgress: Sendable {
    private static let pause = Duration.milliseconds(500)

    private struct State {
        var layers = 0
        var bytes: Int64 = 0
        var last: ContinuousClock.Instant?
    }

    private let layers: Int
    private let bytes: Int64
    private let state = Mutex(State())

    /// - Parameters:
    ///   - layers: how many will come.
    ///   - bytes: their size.
    init(layers: Int, bytes: Int64) {
        self.layers = layers
        self.bytes = bytes
    }

    /// Adds a piece; the text to tell, or nil when something was told just now.
    func add(bytes: Int) -> String? { note { $0.bytes += Int64(bytes) } }

    /// Adds a layer that is whole; the last one is always told.
    func addLayer() -> String? { note { $0.layers += 1 } }

    private func note(_ change: (inout State) -> Void) -> String? {
        state.withLock { state in
            let before = state.layers
            change(&state)
            let now = ContinuousClock.now
            let isLast = state.layers == layers && before != layers
            if let last = state.last, now - last < Self.pause, !isLast { return nil }
            state.last = now
            return "\(state.layers) of \(layers) \(layers == 1 ? "layer" : "layers"), "
                + "\(formatBytes(state.bytes)) of \(formatBytes(bytes))"
        }
    }
}
