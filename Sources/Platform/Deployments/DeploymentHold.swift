internal import Diagnostics
internal import PlatformAPI

/// The wait of a healthy deployment for the word to switch, as when others shall switch together with it.
struct DeploymentHold: Sendable {
    /// How long nobody need say anything.
    static let limit = Duration.seconds(600)

    /// Yields once the word has been said.
    let word: AsyncStream<Void>
    var limit = DeploymentHold.limit
}

extension DeploymentWorker {
    /// How a hold ends.
    private enum HoldEnd: Sendable {
        case word, silence
        case exit(String, InstanceExit)
    }

    /// Waits for the word; the new instances have to live as long.
    ///
    /// - Throws: `Failed` when one of them ends, `HoldExpired` when nobody says the word in time.
    func wait(for hold: DeploymentHold, _ running: RunningRelease) async throws {
        try await advance(
            to: .starting, .held, "release \(running.plan.number) is healthy and waits for the word to switch")
        let end: HoldEnd? = await withTaskGroup(of: HoldEnd?.self) { group in
            group.addTask {
                for await _ in hold.word { return .word }
                return nil
            }
            group.addTask { (try? await Task.sleep(for: hold.limit)) == nil ? nil : .silence }
            for process in running.processes.keys {
                guard let instance = await running.instance(of: process) else { continue }
                group.addTask { [http] in
                    let exit = await HealthProbe(client: http).waitWhileAlive(for: hold.limit * 2) { instance.exit }
                    return exit.map { .exit(process, $0) }
                }
            }
            defer { group.cancelAll() }
            // What ends without a word, as by a cancellation, leaves the wait to the others.
            for await end in group where end != nil { return end }
            return nil
        }
        try Task.checkCancellation()
        switch end {
        case .word: return
        case .exit(let process, let exit): throw crashed(process, exit, running, probes: [])
        case .silence, nil: throw HoldExpired(limit: hold.limit)
        }
    }
}

/// A deployment that was held, and that nobody wanted to switch in time.
struct HoldExpired: Error {
    let limit: Duration
}
