internal import Synchronization

/// Counts probes from whatever task their events come in.
final class ProbeCount: Sendable {
    private let count = Atomic<Int>(0)

    func increment() { count.add(1, ordering: .relaxed) }

    var value: Int { count.load(ordering: .relaxed) }
}
