internal import Builders
internal import Deployers
internal import Diagnostics
internal import GitCore
internal import HTTPTransport
internal import PlatformAPI
internal import ProjectConfig
internal import Registry
internal import RemoteHelper

#if canImport(Glibc)
    internal import Glibc
#endif

/// One branch becomes live.
extension PushBatchRun {
    func deploy(
        _ subject: PushPlan.Subject, _ wishes: PushWishes, _ options: PushOptions, with others: [RefUpdate]
    ) async throws -> Done {
        let began = ContinuousClock.now
        let target = try await target(of: subject)
        let deployer = target.deployer
        let plan = try PushPlan(
            subject, wishes: wishes, settings: settings, target: target, description: try await deployer.describe())
        try target.check(subject.commit.id)
        let update = subject.update
        if options.dryRun {
            let forecast = await forecast(plan)
            tell(plan, isDryRun: true)
            for line in forecast.lines { reporter.report(.notice(line)) }
            if let refusal = forecast.refusal, let code = refusal.code {
                throw UserError(code, refusal.message, hint: refusal.hint)
            }
            return Done(forced: update.losesCommits, newID: newID(of: plan, subject.commit.id.hex))
        }
        tell(plan, isDryRun: false)
        try await deployer.ensureApp()
        try await target.source.send(others.compactMap(\.storedID))
        let push = try push(for: plan, to: target, wishes)
        let deployment: Deployment
        do throws(UserError) {
            deployment = try await push.run(plan, with: others)
        } catch {
            guard error.code == .staleRef, others.isEmpty, try await liveCommit(update.ref) == plan.commit.id.hex else {
                throw error
            }
            reporter.report(.notice("somebody else has pushed the same commit meanwhile, and it is live"))
            return Done(forced: update.losesCommits, newID: newID(of: plan, plan.commit.id.hex))
        }
        guard deployment.status.isFinal || deployment.isHandedOver else {
            // The ref has not moved, and git is told so.
            var done = update.unmoved
            done.isPending = true
            return done
        }
        return Done(
            forced: update.losesCommits, newID: newID(of: plan, deployment.commit),
            epilogue: Epilogue(
                url: plan.servesWeb ? deployment.url : nil, duration: ContinuousClock.now - began, opens: wishes.opens)
        )
    }

    /// The steps of a plan, with the caches that they use.
    ///
    /// - Parameter whole: the target with all of its regions; nil is the remote's own platform.
    func push(
        for plan: PushPlan, to whole: DeployTarget? = nil, _ wishes: PushWishes
    ) throws(UserError) -> Push {
        let target = whole ?? self.target
        let cache = try layerCache(local.location.environment)
        return Push(
            location: local.location, source: target.source, builder: plan.builder(cache),
            store: plan.store.store(
                for: target, tag: plan.commit.id.hex, environment: local.location.environment,
                transport: transport, folder: cache.folder
            ) { [reporter] in reporter.report(.notice($0)) },
            deployer: target.deployer, reporter: reporter, transport: transport, wishes: wishes,
            layerFolder: cache.folder)
    }

    private func liveCommit(_ ref: String) async throws -> String? {
        try await deployer.refs()?.first { $0.ref == ref }?.objectID
    }

    /// The remote's own platform, or all that the commit's configuration names for the environment.
    private func target(of subject: PushPlan.Subject) async throws(UserError) -> DeployTarget {
        let addresses = EnvironmentMap(subject.config).rule(named: subject.environment)?.targets ?? []
        return try await target.spanning(
            addresses, of: subject.environment, location: local.location, transport: transport)
    }

    /// The commit, where a tag was pushed that stands for it; the pushed ref's own, where it was sent to another environment.
    private func newID(of plan: PushPlan, _ commit: String) -> String? {
        plan.update.destinationID ?? (plan.update.pushedID?.hex == commit ? nil : commit)
    }

    /// The lines above the steps; a dry run has what the app should be called in its forecast.
    func tell(_ plan: PushPlan, isDryRun: Bool) {
        reporter.report(.headline(plan.headline(app: target.app)))
        let count = changedFileCount
        if count > 0 { reporter.report(.notice(PushForecast.changedFilesText(count))) }
        if !isDryRun { for notice in plan.notices(app: target.app) { reporter.report(.notice(notice)) } }
        if !isDryRun, !plan.choice.isUsual { reporter.report(.notice(plan.choice.reason)) }
        if let line = plan.evidence.line(now: Int64(time(nil))) { reporter.report(.finished(.test, line, nil)) }
    }

    private func layerCache(_ environment: [String: String]) throws(UserError) -> LayerCache {
        do {
            return try LayerCache(environment: environment)
        } catch {
            throw UserError(
                error.isNoSpace ? .quota : .buildFailed, "the cache folder '\(error.path)' cannot be made",
                hint: "make it writable, or set XDG_CACHE_HOME to another place", cause: error)
        }
    }
}
