internal import Diagnostics
internal import PlatformAPI

/// Whether all process types of a new release are healthy.
extension DeploymentWorker {
    /// How long a process without a port must live to count as healthy.
    private static let settlingTime = Duration.seconds(10)

    /// Waits until `web` answers and every other process has settled.
    ///
    /// - Throws: `Failed` with the first process that is not healthy.
    func check(_ running: RunningRelease) async throws {
        guard try await feed.advance(id, to: .starting, phase: .checking, "waiting until the release is healthy") else {
            throw AlreadyOver()
        }
        try await withThrowingTaskGroup { group in
            for process in running.processes.keys {
                guard let instance = await running.instance(of: process) else { continue }
                group.addTask {
                    if process == "web" {
                        try await checkWeb(running, instance)
                    } else {
                        try await checkSettled(process, running, instance)
                    }
                }
            }
            // The first that fails ends the wait for all others.
            for try await _ in group {}
        }
    }

    private func checkSettled(_ process: String, _ running: RunningRelease, _ instance: any Instance) async throws {
        let exit = await HealthProbe(client: http).waitWhileAlive(for: Self.settlingTime) { instance.exit }
        try Task.checkCancellation()
        if let exit { throw crashed(process, exit, running, probes: []) }
    }

    private func checkWeb(_ running: RunningRelease, _ instance: any Instance) async throws {
        let port = await running.port
        let plan = HealthCheckPlan(
            path: request.settings.healthPath, timeout: .seconds(request.settings.healthTimeoutSeconds))
        let outcome = await HealthProbe(client: http).waitUntilHealthy(
            port: port, plan: plan, host: "127.0.0.1:\(environment.port)", hasExited: { instance.exit },
            listening: { instance.listeningSockets() }
        ) { probe in
            await publishOutput(running)
            try? await feed.append(.probe, phase: .checking, probe.sentence, to: id)
        }
        await publishOutput(running)
        try Task.checkCancellation()
        switch outcome {
        case .healthy: await warn(of: instance.listeningSockets())
        case .failed(.exited(let exit), let probes): throw crashed("web", exit, running, probes: probes)
        case .failed(.portNotBound(let sockets), let probes):
            throw notListening(on: port, sockets, running, probes)
        case .failed(.canceled, _): throw CancellationError()
        case .failed(.unhealthy, let probes):
            throw failed(
                .healthCheckFailed, .checking,
                "'web' did not become healthy within \(request.settings.healthTimeoutSeconds) s: "
                    + (probes.last?.sentence ?? "no probe was answered"), running,
                hint: "mend the health check and push again",
                probes: probes.map { $0.record })
        }
    }

    /// Says it when the instance can be reached by others than the proxy.
    private func warn(of sockets: [ListeningSocket]) async {
        let open = sockets.filter { !$0.isLoopback }.map { "\($0.address):\($0.port)" }
        if open.isEmpty { return }
        try? await feed.append(
            .notice, phase: .checking,
            "'web' listens on \(open.joined(separator: ", ")), where the whole network reaches it; $HOST is the address to "
                + "listen on", to: id)
    }

    func crashed(
        _ process: String, _ exit: InstanceExit, _ running: RunningRelease, probes: [ProbeResult]
    ) -> Failed {
        failed(
            .crashed, .checking, "'\(process)' \(exit.sentencePart)", running,
            hint: "mend the start of '\(process)' and push again", exit: exit, probes: probes.map { $0.record })
    }

    private func notListening(
        on port: Int, _ sockets: [ListeningSocket], _ running: RunningRelease, _ probes: [ProbeResult]
    ) -> Failed {
        let others = sockets.map { "\($0.address):\($0.port)" }.sorted()
        let found = others.isEmpty ? "it listens nowhere" : "it listens on \(others.joined(separator: ", "))"
        return failed(
            .portNotBound, .checking,
            "'web' did not listen on the port that $PORT names within \(request.settings.healthTimeoutSeconds) s; \(found)",
            running, hint: "make the app listen on the port in the environment variable PORT and push again",
            probes: probes.map { $0.record }, listening: others)
    }
}

extension ProbeResult {
    /// The probe as the API shows it.
    var record: DeploymentFailure.Probe {
        DeploymentFailure.Probe(
            attempt: attempt, path: path, outcome: outcome.word, milliseconds: milliseconds)
    }

    /// The probe as a line: `probe 2: GET /health 200`.
    var sentence: String { "probe \(attempt): \(path.map { "GET \($0)" } ?? "connect") \(outcome.word)" }
}

extension ProbeResult.Outcome {
    /// The outcome as people and the API read it: an HTTP status as its number.
    var word: String {
        switch self {
        case .status(let status): String(status)
        case .connected: "connected"
        case .refused: "refused"
        case .timeout: "no answer in time"
        case .broken: "no HTTP answer"
        }
    }
}
