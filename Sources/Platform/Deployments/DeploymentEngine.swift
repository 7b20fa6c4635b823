internal import AsyncHTTPClient
internal import Diagnostics
internal import Logging
internal import NIOCore
internal import PlatformAPI

/// Owns everything that runs on the platform: the deployments under way and the releases that serve.
actor DeploymentEngine {
    /// A piece of work that runs as a child of the engine.
    private enum Job: Sendable {
        case deploy(String, DeploymentRequest, LiveEnvironment, canceled: AsyncStream<Void>)
        case restore(LiveEnvironment, ReleaseRecord)
        case retire(RunningRelease, LiveEnvironment)
    }

    /// What the engine works with.
    struct Parts: Sendable {
        let ledger: Ledger
        let feed: EventFeed
        let folders: ReleaseFolders
        let repositories: GitRepositories
        let follower: RefFollower
        let runtime: any Runtime
        let http: HTTPClient
        let eventLoops: any EventLoopGroup
        let logFolder: String
        let logger: Logger
    }

    /// How many releases of an environment keep their files.
    private static let keptReleases = 5

    private let parts: Parts
    private let jobs: AsyncStream<Job>
    private let submit: AsyncStream<Job>.Continuation
    private var environments: [EnvironmentID: LiveEnvironment] = [:]
    private var cancellations: [String: AsyncStream<Void>.Continuation] = [:]
    private var logs: [EnvironmentID: LogFile] = [:]
    private var isStopping = false

    init(_ parts: Parts) {
        self.parts = parts
        (jobs, submit) = AsyncStream.makeStream(of: Job.self)
    }

    /// Works until it is told to stop; every instance has ended then.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask { await self.perform(job) } }
            group.cancelAll()
            await self.closeAll()
        }
    }

    /// Stops what is live; those who watch over it end with it.
    private func closeAll() async {
        await withDiscardingTaskGroup { group in
            for environment in environments.values { group.addTask { await environment.close() } }
        }
    }

    /// Lets `run` come to its end.
    func stop() {
        isStopping = true
        submit.finish()
    }

    /// Makes ledger, folders and repositories agree after whatever ended the last process, and brings the live releases
    /// back; comes before anybody is listened to.
    func recover() async throws {
        parts.runtime.endStrays(below: parts.folders.folder)
        for id in try await parts.ledger.failOrphans() {
            parts.logger.notice("deployment \(id) was cut off by the end of the last process")
        }
        var kept: Set<String> = []
        for record in try await parts.ledger.environments() {
            let releases = try await parts.ledger.releases(of: record.id)
            kept.formUnion(Self.kept(releases, live: record.liveRelease).map(\.deployment))
            let environment = liveEnvironment(record)
            if let live = releases.first(where: { $0.number == record.liveRelease }) {
                submit.yield(.restore(environment, live))
            }
        }
        parts.folders.removeAll(except: kept)
        for app in try await parts.ledger.apps() {
            let id = AppID(user: app.user, app: app.name)
            try await parts.repositories.ensure(id)
            try await parts.follower.follow(id)
        }
    }

    /// Begins a deployment that the ledger has accepted.
    func begin(_ deployment: Deployment, _ request: DeploymentRequest, in record: EnvironmentRecord) {
        let (canceled, cancellation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        cancellations[deployment.id] = cancellation
        submit.yield(.deploy(deployment.id, request, liveEnvironment(record), canceled: canceled))
    }

    /// Asks a deployment to stop; false when it does not run.
    func cancel(_ id: String) -> Bool {
        guard let cancellation = cancellations[id] else { return false }
        cancellation.yield()
        return true
    }

    /// Ends what runs in an environment that the ledger has removed, and removes the files of its releases.
    func tearDown(_ id: EnvironmentID, releases: [ReleaseRecord]) async {
        if let environment = environments.removeValue(forKey: id) { await environment.close() }
        for release in releases { parts.folders.remove(release.deployment) }
    }

    /// The ports on which the platform itself listens for environments.
    func openPorts() async -> Set<Int> {
        var ports: Set<Int> = []
        for environment in environments.values where await environment.isOpen { ports.insert(environment.port) }
        return ports
    }

    /// How an environment fares: its state, and what is wrong with it if anything is.
    func state(of record: EnvironmentRecord) async -> (state: String, problem: String?) {
        guard record.liveRelease != nil else { return ("stopped", nil) }
        guard let environment = environments[record.id], await environment.release != nil else {
            return ("restarting", await environments[record.id]?.problem)
        }
        let problem = await environment.problem
        return (problem == nil ? "running" : "unreachable", problem)
    }

    private func liveEnvironment(_ record: EnvironmentRecord) -> LiveEnvironment {
        if let known = environments[record.id], known.port == record.port { return known }
        let made = LiveEnvironment(record, proxy: EnvironmentProxy(port: record.port, group: parts.eventLoops))
        environments[record.id] = made
        return made
    }

    private func log(of environment: EnvironmentID) -> LogFile {
        if let known = logs[environment] { return known }
        let name = "\(environment.app.user).\(environment.app.app).\(environment.name).log"
        let made = LogFile(path: "\(parts.logFolder)/\(name)")
        logs[environment] = made
        return made
    }

    private func perform(_ job: Job) async {
        switch job {
        case .deploy(let id, let request, let environment, let canceled):
            await deploy(id, request, in: environment, canceled)
        case .restore(let environment, let release): await restore(release, in: environment)
        case .retire(let release, let environment): await retire(release, in: environment)
        }
    }
}

/// The jobs.
extension DeploymentEngine {
    private func deploy(
        _ id: String, _ request: DeploymentRequest, in environment: LiveEnvironment, _ canceled: AsyncStream<Void>
    ) async {
        let worker = DeploymentWorker(
            id: id, request: request, environment: environment, ledger: parts.ledger, feed: parts.feed,
            folders: parts.folders, runtime: parts.runtime, log: log(of: environment.id), http: parts.http)
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
        cancellations[id] = nil
        if let live { await supervise(live, in: environment) } else { parts.folders.remove(id) }
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
        do {
            let (live, old) = try await worker.run()
            await settle(worker, live)
            // An engine that stops takes no more jobs.
            if let old, case .terminated = submit.yield(.retire(old, worker.environment)) { await old.stop() }
            return live
        } catch let failed as DeploymentWorker.Failed {
            await end(worker.id, as: .failed, failed.failure)
        } catch is DeploymentWorker.AlreadyOver {
            // It ended by a cancellation, which has been written, or it lost its lease.
            await end(
                worker.id, as: .superseded,
                DeploymentFailure(
                    code: .superseded, phase: nil, message: "another deployment took the environment",
                    hint: "push again"))
        } catch is CancellationError {
            await end(worker.id, as: isStopping ? .failed : .canceled, cancellationFailure)
        } catch {
            let problem = ErrorTranslation.problem(for: error)
            if problem.status >= 500 { parts.logger.error("deployment \(worker.id): \(error)") }
            await end(
                worker.id, as: .failed,
                DeploymentFailure(code: problem.code, phase: nil, message: problem.detail, hint: problem.hint))
        }
        return nil
    }

    private var cancellationFailure: DeploymentFailure {
        isStopping
            ? DeploymentFailure(
                code: .platformRestarted, phase: nil, message: "the platform was stopped during the deployment",
                hint: "push again")
            : DeploymentFailure(code: .canceled, phase: nil, message: "the deployment was canceled", hint: "push again")
    }

    private func end(_ id: String, as status: DeploymentStatus, _ failure: DeploymentFailure) async {
        do {
            // Cancellation of the work must not keep the ledger from being told; a task of its own is not canceled with us.
            let feed = parts.feed
            _ = try await Task { try await feed.fail(id, as: status, failure) }.value
        } catch {
            parts.logger.error("the end of deployment \(id) could not be written: \(error)")
        }
    }

    /// What follows a switch: the repository follows the ledger, the ledger is copied, the readers hear the end.
    private func settle(_ worker: DeploymentWorker, _ live: RunningRelease) async {
        let parts = parts
        await Task {
            let app = worker.environment.id.app
            do {
                try await parts.follower.follow(app)
            } catch {
                parts.logger.error("the repository of \(app) does not follow the ledger: \(error)")
            }
            do { try parts.ledger.backUp() } catch { parts.logger.error("the ledger could not be copied: \(error)") }
            for attempt in 1...20 {
                do {
                    return try await parts.feed.append(
                        .end, phase: nil, "release \(live.plan.number) is live", to: worker.id)
                } catch {
                    parts.logger.error("the end of deployment \(worker.id) could not be written: \(error)")
                    try? await Task.sleep(for: .milliseconds(100) * attempt)
                }
            }
        }.value
    }

    private func supervise(_ live: RunningRelease, in environment: LiveEnvironment) async {
        await live.supervise { port in await environment.follow(live, to: port) }
    }

    /// Starts the live release again after a restart of the platform; tries until it stands.
    private func restore(_ record: ReleaseRecord, in environment: LiveEnvironment) async {
        var delay = Duration.milliseconds(500)
        while !Task.isCancelled {
            do {
                let unpacked = try await parts.folders.unpack(record.request.artifact.reference, for: record.deployment)
                let plan = RunningRelease.Plan(
                    environment: environment.id, deployment: record.deployment, number: record.number,
                    commit: record.request.commit, settings: record.request.settings, release: unpacked,
                    url: EnvironmentPorts.url(port: environment.port))
                try await environment.open()
                let running = try RunningRelease(plan, runtime: parts.runtime, log: log(of: environment.id))
                do {
                    try await running.start()
                } catch {
                    await running.stop()
                    throw error
                }
                // A deployment may have made a newer release live while this one could not start.
                guard await environment.restore(running) else { return await running.stop() }
                await supervise(running, in: environment)
                return
            } catch {
                parts.logger.error("release \(record.number) of \(environment.id) cannot be started: \(error)")
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, .seconds(10))
            }
        }
    }

    /// Drains and stops a release that no longer serves, and removes files that are not kept.
    private func retire(_ old: RunningRelease, in environment: LiveEnvironment) async {
        await environment.drain(old)
        await old.stop()
        do {
            let releases = try await parts.ledger.releases(of: environment.id)
            let live = try await parts.ledger.environment(environment.id)?.liveRelease
            let kept = Set(Self.kept(releases, live: live).map(\.deployment))
            for release in releases where !kept.contains(release.deployment) {
                parts.folders.remove(release.deployment)
            }
        } catch {
            parts.logger.error("old releases of \(environment.id) could not be removed: \(error)")
        }
    }

    /// The newest releases, and always the live one.
    private static func kept(_ releases: [ReleaseRecord], live: Int?) -> [ReleaseRecord] {
        releases.enumerated().filter { $0.offset < keptReleases || $0.element.number == live }.map(\.element)
    }
}
