internal import Artifacts
internal import AsyncHTTPClient
internal import Diagnostics
internal import Logging
internal import NIOCore
internal import PlatformAPI

/// Owns everything that runs on the platform: the deployments under way and the releases that serve.
actor DeploymentEngine {
    /// A piece of work that runs as a child of the engine.
    enum Job: Sendable {
        case deploy(String, DeploymentRequest, LiveEnvironment, canceled: AsyncStream<Void>)
        case restore(LiveEnvironment, ReleaseRecord)
        case retire(RunningRelease, LiveEnvironment)
        /// Ends what an environment still runs that answers no more, and removes these releases' files.
        case end(LiveEnvironment, releases: [String])
        case tidy(AppID)
    }

    /// How a deployment ended that did not become healthy.
    struct Ending: Sendable {
        let status: DeploymentStatus
        let failure: DeploymentFailure
    }

    /// A deployment under way, and whether it can still be canceled.
    struct Attempt {
        let environment: EnvironmentID
        let cancellation: AsyncStream<Void>.Continuation
        var isOver = false
    }

    /// What the engine works with.
    struct Parts: Sendable {
        let ledger: Ledger
        let feed: EventFeed
        let puller: ArtifactPuller
        let folders: ReleaseFolders
        let repositories: GitRepositories
        let follower: RefFollower
        let runtime: any Runtime
        let http: HTTPClient
        let eventLoops: any EventLoopGroup
        let logFolder: String
        var logger = Logger(label: "bim-platform")
    }

    let parts: Parts
    let submit: AsyncStream<Job>.Continuation
    private let jobs: AsyncStream<Job>
    private var environments: [EnvironmentID: LiveEnvironment] = [:]
    private var logs: [EnvironmentID: LogFile] = [:]
    var attempts: [String: Attempt] = [:]
    /// Ends that the ledger could not be told of yet, by deployment.
    var untold: [String: Ending] = [:]
    private(set) var isStopping = false

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
    ///
    /// What is wrong with one app is told in the log and keeps no other app away.
    /// - Throws: the ledger's error alone.
    func recover() async throws {
        parts.runtime.endStrays(below: parts.folders.folder)
        for id in try await parts.ledger.failOrphans() {
            parts.logger.notice("deployment \(id) was cut off by the end of the last process")
        }
        var kept: Set<String> = []
        var artifacts: Set<Digest> = []
        for record in try await parts.ledger.environments() {
            let releases = try await parts.ledger.releases(of: record.id)
            for release in Self.kept(releases, live: record.liveRelease) {
                kept.insert(release.deployment)
                let location = ArtifactLocation(release.request.artifact.reference, of: record.id.app)
                if let digest = location?.digest { artifacts.insert(digest) }
            }
            let environment = liveEnvironment(record)
            if let live = releases.first(where: { $0.number == record.liveRelease }) {
                submit.yield(.restore(environment, live))
            }
        }
        let (folders, known) = (parts.folders, kept)
        try await Blocking.run { folders.removeAll(except: known) }
        for app in try await parts.ledger.apps() { await recover(AppID(user: app.user, app: app.name)) }
        await forget(but: artifacts)
    }

    private func recover(_ app: AppID) async {
        parts.repositories.removeStaleLocks(of: app)
        do {
            try await parts.follower.ensure(app)
            try await parts.follower.follow(app)
            try await parts.repositories.removeSources(of: app)
            submit.yield(.tidy(app))
        } catch {
            parts.logger.error("the repository of \(app) cannot follow the ledger: \(error)")
        }
    }

    /// Removes what nobody needs any more from ledger and registry.
    private func forget(but artifacts: Set<Digest>) async {
        do {
            try await parts.ledger.prune()
            try await BlobCollection(ledger: parts.ledger, blobs: parts.folders.blobs).run(keeping: artifacts)
        } catch {
            parts.logger.error("what is no longer needed stays: \(error)")
        }
    }

    /// Begins a deployment that the ledger has accepted.
    func begin(_ deployment: Deployment, _ request: DeploymentRequest, in record: EnvironmentRecord) {
        let (canceled, cancellation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        attempts[deployment.id] = Attempt(environment: record.id, cancellation: cancellation)
        submit.yield(.deploy(deployment.id, request, liveEnvironment(record), canceled: canceled))
    }

    /// Asks a deployment to stop; false when it does not run, or has switched already.
    func cancel(_ id: String) -> Bool {
        guard let attempt = attempts[id], !attempt.isOver else { return false }
        attempt.cancellation.yield()
        return true
    }

    /// Lets an environment that the ledger has removed answer no more.
    ///
    /// Its release gets its grace and its files are removed after this has returned.
    func tearDown(_ id: EnvironmentID, releases: [ReleaseRecord]) async {
        log(of: id).remove()
        logs[id] = nil
        let deployments = releases.map(\.deployment)
        guard let environment = environments.removeValue(forKey: id) else {
            return await parts.folders.remove(deployments)
        }
        await environment.shut()
        await hand(.end(environment, releases: deployments))
    }

    /// Lets a preview go that its first deployment has not brought to life, and that the ledger has removed therefore.
    func closeIfRemoved(_ environment: LiveEnvironment, after attempt: String) async {
        let id = environment.id
        guard let record = try? await parts.ledger.environments(of: id.app), !record.contains(where: { $0.id == id }),
            // Somebody may have begun anew in the meantime, with what stands here.
            environments[id] === environment,
            !attempts.contains(where: { $0.key != attempt && $0.value.environment == id })
        else { return }
        environments[id] = nil
        log(of: id).remove()
        logs[id] = nil
        await environment.shut()
    }

    /// Gives a job to `run`, or does it at once when the engine takes no more.
    func hand(_ job: Job) async {
        if case .terminated = submit.yield(job) { await perform(job) }
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
        if let problem = await environment.problem { return ("unreachable", problem) }
        return (await environment.isAway ? "restarting" : "running", nil)
    }

    private func liveEnvironment(_ record: EnvironmentRecord) -> LiveEnvironment {
        let known = environments[record.id]
        if let known, known.port == record.port { return known }
        // It never was live, and its port was taken by another program.
        if let known { submit.yield(.end(known, releases: [])) }
        let made = LiveEnvironment(record, proxy: EnvironmentProxy(port: record.port, group: parts.eventLoops))
        environments[record.id] = made
        return made
    }

    func log(of environment: EnvironmentID) -> LogFile {
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
        case .end(let environment, let releases):
            await environment.close()
            await parts.folders.remove(releases)
        case .tidy(let app): await tidy(app)
        }
    }
}
