import Glibc
import ProcessRunner
import Synchronization

/// One bubblewrap process and everything inside of it.
///
/// On the outside bubblewrap watches; its child is process 1 of the instance, which reaps; all others are the app's.
/// When process 1 ends the kernel ends the rest, however they were daemonised.
final class SandboxInstance: Instance {
    let label: String
    private let watcher: Int32
    private let run: Task<InstanceExit, Never>
    private let ended: ExitRecord

    private init(label: String, watcher: Int32, run: Task<InstanceExit, Never>, ended: ExitRecord) {
        self.label = label
        self.watcher = watcher
        self.run = run
        self.ended = ended
    }

    deinit {
        run.cancel()
    }

    /// Starts the sandbox; the instance owns the task that runs it.
    static func start(
        _ command: Command, label: String, onOutput: @escaping @Sendable (String) -> Void
    ) async throws -> SandboxInstance {
        let (started, continuation) = AsyncThrowingStream.makeStream(of: Int32.self)
        let ended = ExitRecord()
        let run = Task {
            do {
                let status = try await command.streamMerged(
                    deadline: nil, onStart: { continuation.yield($0) }, { onOutput($0) })
                return ended.record(InstanceExit(status))
            } catch {
                continuation.finish(throwing: error)
                return ended.record(.signaled(SIGKILL))
            }
        }
        do {
            for try await watcher in started {
                return SandboxInstance(label: label, watcher: watcher, run: run, ended: ended)
            }
        } catch let error as ProcessError {
            throw RuntimeError(.notStarted, detail: "'\(error.command)': \(error.detail)")
        }
        run.cancel()
        _ = await run.value
        throw CancellationError()
    }

    var exit: InstanceExit? { ended.exit }

    func waitForExit() async -> InstanceExit {
        await run.value
    }

    func listeningSockets() -> [ListeningSocket] {
        ListeningSocket.all(of: processes().app)
    }

    func stop(grace: Duration) async -> StopOutcome {
        guard isAlive else {
            _ = await run.value
            return .alreadyGone
        }
        let endedInTime = await withTaskGroup(of: Bool.self) { group in
            group.addTask { [run] in
                _ = await run.value
                return true
            }
            group.addTask { [self] in
                await terminate(within: grace)
                return false
            }
            let first = await group.next() ?? true
            // The first task ends only with the instance: kill before the group waits for it.
            if !first { killAll() }
            group.cancelAll()
            return first
        }
        return endedInTime ? .terminated : .killed
    }

    /// Asks every process to leave, as soon as there is one, and waits out the grace.
    private func terminate(within grace: Duration) async {
        let limit = ContinuousClock.now + grace
        while isAlive, ContinuousClock.now < limit, !Task.isCancelled {
            let app = processes().app
            for process in app { kill(process, SIGTERM) }
            if !app.isEmpty { break }
            try? await Task.sleep(for: .milliseconds(20))
        }
        try? await Task.sleep(until: limit, clock: .continuous)
    }

    private func killAll() {
        let reapers = processes().reapers
        for process in reapers { kill(process, SIGKILL) }
        // Without process 1 the sandbox is not made yet; its maker's end ends it.
        if reapers.isEmpty, isAlive { kill(watcher, SIGKILL) }
    }

    /// The watcher's process id is ours until it was waited for.
    private var isAlive: Bool {
        guard let entry = ProcessTable.entry(of: watcher) else { return false }
        return entry.parent == getpid() && !entry.isZombie
    }

    private func processes() -> (reapers: [Int32], app: [Int32]) {
        guard isAlive else { return ([], []) }
        let table = ProcessTable.current()
        let reapers = table.entries.filter { $0.parent == watcher && !$0.isZombie }.map(\.id)
        return (reapers, table.descendants(of: watcher).filter { !reapers.contains($0) })
    }
}

/// The end of an instance, for those who ask without waiting.
private final class ExitRecord: Sendable {
    private let value = Mutex<InstanceExit?>(nil)

    var exit: InstanceExit? { value.withLock { $0 } }

    func record(_ exit: InstanceExit) -> InstanceExit {
        value.withLock { $0 = exit }
        return exit
    }
}

extension InstanceExit {
    /// bubblewrap ends with 128 + n when its program was ended by signal n, as a shell does.
    init(_ status: ExitStatus) {
        self =
            switch status {
            case .exited(let code) where code > 128 && code <= 128 + 64: .signaled(code - 128)
            case .exited(let code): .exited(code)
            case .signaled(let signal): .signaled(signal)
            }
    }
}
