internal import Diagnostics
internal import Logging
internal import PlatformAPI

/// The jobs.
extension DeploymentEngine {
    /// How many releases of an environment keep their files.
    private static let keptReleases = 5

    func deploy(
        _ id: String, _ request: DeploymentRequest, in environment: LiveEnvironment, _ canceled: AsyncStream<Void>
    ) async {
        let worker = DeploymentWorker(
            id: id, request: request, environment: environment, ledger: parts.ledger, feed: parts.feed,
            puller: parts.puller, folders: parts.folders, runtime: parts.runtime, log: log(of: environment.id),
            http: parts.http)
        let live: RunningRelease? = await withTaskGroup(of: RunningRelease?.self) { group in
            group.addTask { await self.attempt(worker) }
            group.addTask { await self.untilCanceled(canceled) }
            group.addTask { await self.renewLease(of: id) }
            let result = await group.next() ?? nil
            group.cancelAll()
            // After a cancellation the attempt still ends its own story.
            var live = result
            for await late in group where late != nil { live = late }
            return live
        }
        attempts[id] = nil
        if let live { await supervise(live, in: environment) }
    }

    private func untilCanceled(_ canceled: AsyncStream<Void>) async -> RunningRelease? {
        for await _ in canceled { break }
        return nil
    }

    private func renewLease(of id: String) async -> RunningRelease? {
        while (try? await Task.sleep(for: .seconds(10))) != nil { try? await parts.ledger.renewLease(of: id) }
        return nil
    }

    /// Runs the worker and writes how it ended; the release that is live now, or nil.
    private func attempt(_ worker: DeploymentWorker) async -> RunningRelease? {
        guard let (live, old) = await worker.run(orTell: { await self.tell($0, of: worker.id) }) else {
            // What it wrote may be what the ledger has no space for.
            await parts.folders.remove([worker.id])
            if let ending = untold.removeValue(forKey: worker.id) { await insist(on: ending, of: worker.id) }
            await closeIfRemoved(worker.environment, after: worker.id)
            return nil
        }
        attempts[worker.id]?.isOver = true
        await settle(worker, live)
        if let old { await hand(.retire(old, worker.environment)) }
        return live
    }

    /// Tells the ledger, once, why a deployment will not become healthy; what it does not take now it must take later.
    private func tell(_ error: any Error, of id: String) async {
        attempts[id]?.isOver = true
        let ending = ending(for: error, of: id)
        do {
            try await write(ending, of: id)
        } catch {
            parts.logger.error("the end of deployment \(id) could not be written: \(error)")
            untold[id] = ending
        }
    }

    private func insist(on ending: Ending, of id: String) async {
        await insist("the end of deployment \(id)") { try await self.write(ending, of: id) }
    }

    private func write(_ ending: Ending, of id: String) async throws {
        // Cancellation of the work must not keep the ledger from being told; a task of its own is not canceled with us.
        let feed = parts.feed
        _ = try await Task { try await feed.fail(id, as: ending.status, ending.failure) }.value
    }

    /// Tries until it works, later each time; gives up when the platform stops, whose next start writes what is missing.
    private func insist(_ what: String, _ write: @escaping @Sendable () async throws -> Void) async {
        var delay = Duration.milliseconds(100)
        while true {
            do {
                return try await Task { try await write() }.value
            } catch {
                parts.logger.error("\(what) could not be written: \(error)")
            }
            if isStopping { return }
            let pause = delay
            try? await Task { try await Task.sleep(for: pause) }.value
            delay = min(delay * 2, .seconds(5))
        }
    }

    private func ending(for error: any Error, of id: String) -> Ending {
        switch error {
        case let failed as DeploymentWorker.Failed: return Ending(status: .failed, failure: failed.failure)
        case is DeploymentWorker.AlreadyOver:
            // It ended by a cancellation, which has been written, or it lost its lease.
            return Ending(
                status: .superseded,
                failure: DeploymentFailure(
                    code: .superseded, phase: nil, message: "another deployment took the environment",
                    hint: "push again"))
        case is CancellationError:
            return Ending(status: isStopping ? .failed : .canceled, failure: cancellationFailure)
        default:
            let problem = ErrorTranslation.problem(for: error)
            if problem.status >= 500 { parts.logger.error("deployment \(id): \(error)") }
            return Ending(
                status: .failed,
                failure: DeploymentFailure(
                    code: problem.code, phase: nil, message: problem.detail, hint: problem.hint))
        }
    }

    private var cancellationFailure: DeploymentFailure {
        isStopping
            ? DeploymentFailure(
                code: .platformRestarted, phase: nil, message: "the platform was stopped during the deployment",
                hint: "push again")
            : DeploymentFailure(code: .canceled, phase: nil, message: "the deployment was canceled", hint: "push again")
    }

    /// What follows a switch: the repository follows the ledger, the readers hear the end, the ledger is copied.
    private func settle(_ worker: DeploymentWorker, _ live: RunningRelease) async {
        let parts = parts
        let app = worker.environment.id.app
        do {
            try await Task { try await follow(app) }.value
            submit.yield(.tidy(app))
        } catch {
            parts.logger.error("the repository of \(app) does not follow the ledger: \(error)")
        }
        await insist("the end of deployment \(worker.id)") {
            try await parts.feed.append(.end, phase: nil, "release \(live.plan.number) is live", to: worker.id)
        }
        do {
            try await Task { try await parts.ledger.prune() }.value
            try await Blocking.run { try parts.ledger.backUp() }
        } catch {
            parts.logger.error("the ledger could not be copied: \(error)")
        }
    }

    /// git may hold one of its own locks for a moment, as while it packs.
    private func follow(_ app: AppID) async throws {
        for pause in [200, 1000] {
            do {
                return try await parts.follower.follow(app)
            } catch {
                try await Task.sleep(for: .milliseconds(pause))
            }
        }
        try await parts.follower.follow(app)
    }

    func tidy(_ app: AppID) async {
        do { try await parts.repositories.tidy(app) } catch {
            if !isStopping { parts.logger.error("the repository of \(app) stays as it is: \(error)") }
        }
    }

    private func supervise(_ live: RunningRelease, in environment: LiveEnvironment) async {
        await live.supervise { port in await environment.follow(live, to: port) }
    }

    /// Starts the live release again after a restart of the platform; tries until it stands.
    func restore(_ record: ReleaseRecord, in environment: LiveEnvironment) async {
        var delay = Duration.milliseconds(500)
        // A deployment may make a newer release live, or somebody remove the environment, while this one cannot start.
        while !Task.isCancelled, await environment.missesRelease {
            do {
                let stored = try await parts.puller.pull(
                    record.request.artifact, of: environment.id.app,
                    needsLayers: !parts.folders.isUnpacked(record.deployment))
                let unpacked = try await parts.folders.unpack(stored, for: record.deployment)
                let plan = RunningRelease.Plan(
                    environment: environment.id, deployment: record.deployment, number: record.number,
                    commit: record.request.commit, settings: record.request.settings, release: unpacked,
                    url: EnvironmentPorts.url(port: environment.port),
                    config: try await parts.ledger.config(ofDeployment: record.deployment))
                try await environment.open()
                let running = try RunningRelease(plan, runtime: parts.runtime, log: log(of: environment.id))
                do {
                    try await running.start()
                } catch {
                    await running.stop()
                    throw error
                }
                guard await environment.restore(running) else { return await running.stop() }
                await supervise(running, in: environment)
                return
            } catch is LiveEnvironment.Closed {
                // Its files went with the environment, and were made again just now.
                return await parts.folders.remove([record.deployment])
            } catch {
                parts.logger.error("release \(record.number) of \(environment.id) cannot be started: \(error)")
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, .seconds(10))
            }
        }
    }

    /// Drains and stops a release that no longer serves, and removes files that are not kept.
    func retire(_ old: RunningRelease, in environment: LiveEnvironment) async {
        await environment.drain(old)
        await old.stop()
        do {
            let releases = try await parts.ledger.releases(of: environment.id)
            let live = try await parts.ledger.environment(environment.id)?.liveRelease
            let kept = Set(Self.kept(releases, live: live).map(\.deployment))
            await parts.folders.remove(releases.map(\.deployment).filter { !kept.contains($0) })
        } catch {
            parts.logger.error("old releases of \(environment.id) could not be removed: \(error)")
        }
    }

    /// The newest releases, and always the live one.
    static func kept(_ releases: [ReleaseRecord], live: Int?) -> [ReleaseRecord] {
        releases.enumerated().filter { $0.offset < keptReleases || $0.element.number == live }.map(\.element)
    }
}
