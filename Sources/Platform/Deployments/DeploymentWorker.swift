internal import AsyncHTTPClient
internal import Diagnostics
internal import PlatformAPI

/// The story of one deployment: pull, release command, start, check, switch. Nothing before the switch touches what is live.
struct DeploymentWorker: Sendable {
    /// The deployment ends unhealthy, with everything that is known.
    struct Failed: Error {
        let failure: DeploymentFailure
    }

    /// The deployment had ended before, as by a cancellation.
    struct AlreadyOver: Error {}

    let id: String
    let request: DeploymentRequest
    let environment: LiveEnvironment
    let ledger: Ledger
    let feed: EventFeed
    let puller: ArtifactPuller
    let folders: ReleaseFolders
    let runtime: any Runtime
    let log: LogFile
    let http: HTTPClient

    /// Runs the deployment until it is live.
    ///
    /// - Parameter tell: hears why it will not be, `Failed`, `AlreadyOver`, `Problem` or `CancellationError` among
    ///   others, before the new instances get their grace to leave.
    /// - Returns: the release that serves now and the one that served before; nil when nothing was switched and the new
    ///   instances are gone.
    @concurrent func run(
        orTell tell: @Sendable (any Error) async -> Void
    ) async -> (live: RunningRelease, old: RunningRelease?)? {
        var begun: RunningRelease?
        do {
            let running = try RunningRelease(try await plan(try await pull()), runtime: runtime, log: log)
            begun = running
            if let command = request.settings.releaseCommand { try await runReleaseCommand(command, running) }
            try await start(running)
            try await check(running)
            return (running, try await makeLive(running))
        } catch {
            await tell(error)
            await begun?.stop()
            return nil
        }
    }

    private func pull() async throws -> UnpackedRelease {
        try await advance(to: .pulling, .pulling, "pulling \(request.artifact.reference)")
        do {
            let stored = try await puller.pull(
                request.artifact, of: environment.id.app, needsLayers: !folders.isUnpacked(id)
            ) { text in
                try? await feed.append(.progress, phase: .pulling, text, to: id)
            }
            try Task.checkCancellation()
            return try await folders.unpack(stored, for: id)
        } catch let error where !(error is CancellationError) {
            let problem = ErrorTranslation.problem(for: error)
            guard problem.code == .internal else {
                throw failed(problem.code, .pulling, problem.detail, hint: problem.hint)
            }
            throw failed(.pullFailed, .pulling, "the artifact cannot be unpacked: \(error)")
        }
    }

    private func plan(_ unpacked: UnpackedRelease) async throws -> RunningRelease.Plan {
        RunningRelease.Plan(
            environment: environment.id, deployment: id,
            number: try await ledger.nextReleaseNumber(in: environment.id), commit: request.commit,
            settings: request.settings, release: unpacked, url: EnvironmentPorts.url(port: environment.port),
            config: try await ledger.config(ofDeployment: id))
    }

    private func runReleaseCommand(_ command: String, _ running: RunningRelease) async throws {
        try await advance(to: .pulling, .releasing, "running the release command '\(command)'")
        let instance = try await startOrFail(.releasing) { try await running.runReleaseCommand(command) }
        let exit = try await waitForExit(of: instance, atMost: .seconds(300), running)
        guard let exit else {
            throw failed(
                .releaseCommandFailed, .releasing, "the release command did not end within 5 minutes", running,
                hint: "make it faster or run it by hand, and push again")
        }
        guard exit == .exited(0) else {
            throw failed(
                .releaseCommandFailed, .releasing, "the release command \(exit.sentencePart)", running,
                hint: "mend '\(command)' and push again", exit: exit)
        }
    }

    /// The exit, or nil when the time was over first; what is printed meanwhile becomes events. The instance is gone then.
    private func waitForExit(
        of instance: any Instance, atMost limit: Duration, _ running: RunningRelease
    ) async throws -> InstanceExit? {
        let end = ContinuousClock.now + limit
        while instance.exit == nil, ContinuousClock.now < end, !Task.isCancelled {
            await publishOutput(running, phase: .releasing)
            try? await Task.sleep(for: .milliseconds(50))
        }
        let exit = instance.exit
        if exit == nil { _ = await instance.stop(grace: .seconds(5)) }
        await publishOutput(running, phase: .releasing)
        try Task.checkCancellation()
        return exit
    }

    private func start(_ running: RunningRelease) async throws {
        try await advance(
            to: .starting, .starting, "starting \(running.processes.keys.sorted().joined(separator: ", "))")
        do {
            try await environment.open()
        } catch is LiveEnvironment.Closed {
            throw AlreadyOver()
        } catch {
            throw failed(
                .platformUnavailable, .starting,
                "port \(environment.port) of '\(environment.id)' is taken by another program",
                hint: "stop that program (ss -ltnp 'sport = :\(environment.port)' names it) and push again")
        }
        try await startOrFail(.starting) { try await running.start() }
    }

    private func startOrFail<Result: Sendable>(
        _ phase: DeploymentPhase, _ start: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await start()
        } catch let error as RuntimeError {
            throw failed(.platformUnavailable, phase, "the sandbox cannot start: \(error.detail)", hint: error.hint)
        } catch let error where !(error is CancellationError) {
            throw failed(
                .platformUnavailable, phase, "the sandbox cannot start: \(error)", hint: "git bim platform status")
        }
    }

    private func advance(to status: DeploymentStatus, _ phase: DeploymentPhase, _ message: String) async throws {
        try Task.checkCancellation()
        guard try await feed.advance(id, to: status, phase: phase, message) else { throw AlreadyOver() }
    }

    func publishOutput(_ running: RunningRelease, phase: DeploymentPhase = .checking) async {
        try? await feed.append(.log, phase: phase, running.output.takeUnread(), to: id)
    }

    private func makeLive(_ running: RunningRelease) async throws -> RunningRelease? {
        try await advance(to: .starting, .switching, "switching to release \(running.plan.number)")
        // A task of its own: once the ledger has switched, no cancellation may say otherwise.
        let switched = try await Task { try await ledger.makeLive(id, request, in: environment.id) }.value
        guard switched != nil else { throw AlreadyOver() }
        return await environment.switchTo(running)
    }

    /// A failure with what the instances printed last.
    func failed(
        _ code: ErrorCode, _ phase: DeploymentPhase, _ message: String, _ running: RunningRelease? = nil,
        hint: String? = nil, exit: InstanceExit? = nil, probes: [DeploymentFailure.Probe] = [], listening: [String] = []
    ) -> Failed {
        var failure = DeploymentFailure(
            code: code, phase: phase.rawValue, message: message, hint: hint, probes: probes, listening: listening,
            logTail: running?.output.lines ?? [])
        switch exit {
        case .exited(let status): failure.exitCode = Int(status)
        case .signaled(let signal): failure.signal = Int(signal)
        case nil: break
        }
        return Failed(failure: failure)
    }
}
