import Glibc
import Synchronization

/// The process group that a child leads, and its one orderly end.
///
/// The group outlives its leader: a grandchild that ignores SIGTERM is still there when the leader has gone.
final class ProcessGroup: Sendable {
    private struct State {
        var leader: Int32?
        var isUnwanted = false
        var ending: Task<Void, Never>?
    }

    private let state = Mutex(State())
    /// Whether the child leads a group; one that stays in its caller's is ended by itself.
    private let isOwn: Bool

    init(isOwn: Bool = true) { self.isOwn = isOwn }

    /// How long processes have to leave after SIGTERM.
    static let grace = Duration.seconds(2)

    /// Names the leader, once it has been started; true when its end was asked for while it was being started.
    func lead(by process: Int32) -> Bool {
        state.withLock { state in
            state.leader = process
            return state.isUnwanted
        }
    }

    /// Sends SIGTERM to all members, waits up to two seconds until none is alive, then sends SIGKILL to the rest.
    ///
    /// Works in a canceled task too. Before there is a leader it only leaves word for `lead(by:)`; all callers share one
    /// end and wait for it.
    func end() async {
        let ending: Task<Void, Never>? = state.withLock { state in
            state.isUnwanted = true
            guard let leader = state.leader else { return nil }
            // A canceled task cannot sleep; the wait needs a task of its own, awaited here.
            let ending = state.ending ?? Task { [isOwn] in await isOwn ? Self.end(leader) : Self.endAlone(leader) }
            state.ending = ending
            return ending
        }
        await ending?.value
    }

    private static func end(_ group: Int32) async {
        guard kill(-group, SIGTERM) == 0, await !isGone(group, within: grace) else { return }
        kill(-group, SIGKILL)
        _ = await isGone(group, within: grace)
    }

    private static func endAlone(_ process: Int32) async {
        guard kill(process, SIGTERM) == 0 else { return }
        let limit = ContinuousClock.now + grace
        while let entry = ProcessTable.entry(of: process), !entry.isZombie {
            if ContinuousClock.now >= limit {
                kill(process, SIGKILL)
                return
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    private static func isGone(_ group: Int32, within time: Duration) async -> Bool {
        let limit = ContinuousClock.now + time
        var pause = Duration.milliseconds(2)
        while !ProcessTable.current().members(ofGroup: group).isEmpty {
            if ContinuousClock.now >= limit { return false }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(50))
        }
        return true
    }
}
