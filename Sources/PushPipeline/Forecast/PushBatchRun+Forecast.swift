internal import Artifacts
internal import Builders
internal import Deployers
internal import Diagnostics
internal import GitCore
internal import PlatformAPI
internal import ProjectConfig
internal import Registry
internal import RemoteHelper

#if canImport(Glibc)
    internal import Glibc
#endif

/// What a deployment would do. Nothing is written, here or there.
extension PushBatchRun {
    /// Answers for a plan; what speaks against it beyond the plan's own checks is in `refusal`.
    func forecast(_ plan: PushPlan) async -> PushForecast {
        var forecast = PushForecast(app: target.app.description, ref: plan.update.ref)
        forecast.environment = plan.environment
        forecast.isPreview = plan.isPreview
        forecast.isProtected = plan.isProtected
        forecast.commit = .init(id: plan.commit.id.hex, summary: plan.commit.summary)
        forecast.changedFiles = changedFileCount
        forecast.tests = .init(
            status: plan.evidence.tests.status, text: plan.evidence.line(now: Int64(time(nil))))
        forecast.startsPlatform = !target.isRunning
        forecast.notices = plan.notices(app: target.app)
        forecast.processes = plan.settings.processes
        forecast.processOrigin = plan.run.origin
        forecast.releaseCommand = plan.run.releaseCommand
        forecast.live = live(plan.update, next: plan.commit.id)
        do {
            try await refuseCollision(plan.update)
            try await refuseBusy(plan.environment)
            try await addArtifact(plan, to: &forecast)
        } catch {
            forecast.refusal = .init(error)
        }
        return forecast
    }

    var changedFileCount: Int { (try? local.location.open().changedFileCount()) ?? 0 }

    private func live(_ update: RefUpdate, next: ObjectID) -> PushForecast.Live? {
        guard let old = update.old else { return nil }
        var live = PushForecast.Live(commit: old.hex, release: update.liveRelease)
        if let apart = try? local.location.open().commitsApart(next, old) { (live.added, live.lost) = apart }
        return live
    }

    /// A ref and one below it cannot both be; the platform has the same rule.
    private func refuseCollision(_ update: RefUpdate) async throws(UserError) {
        guard update.old == nil else { return }
        let other = try await liveRefs().keys.sorted().first {
            $0.hasPrefix(update.ref + "/") || update.ref.hasPrefix($0 + "/")
        }
        guard let other else { return }
        throw UserError(
            .configInvalid, "'\(other)' exists, so '\(update.ref)' cannot", hint: "delete '\(other)' first")
    }

    private func refuseBusy(_ environment: String) async throws(UserError) {
        guard let platform = deployer as? APIDeployer, try await platform.refs() != nil else { return }
        let running = try await platform.deployments(of: environment, limit: 5).first { !$0.status.isFinal }
        guard let running else { return }
        throw UserError(
            .deployInProgress, "another deployment to '\(environment)', of \(running.commit.prefix(7)), is under way",
            hint: "git bim watch \(running.id)")
    }

    private func addArtifact(_ plan: PushPlan, to forecast: inout PushForecast) async throws(UserError) {
        let reason =
            plan.choice.kind != .own
            ? plan.choice.why : plan.choice.isUsual ? "bim.yml names no other" : "named by bim.yml"
        guard plan.choice.kind == .own else {
            forecast.builder = .init(name: plan.choice.kind.title, reason: reason)
            return
        }
        let kind: any ForecastingBuilder.Type = plan.config.artifact == .zip ? ZipBuilder.self : OwnBuilder.self
        forecast.builder = .init(
            name: plan.config.artifact == .zip ? "own builder, ZIP" : "own builder", reason: reason)
        let environment = local.location.environment
        let build: BuildForecast
        do {
            let request = BuildRequest(
                repository: local.location, tree: plan.commit.tree, image: plan.config.image, command: plan.web,
                platform: plan.platform, base: nil)
            build = try kind.forecast(request, cache: LayerCache(existingIn: environment))
        } catch {
            throw UserError(buildOrUpload: error)
        }
        forecast.notices += build.notices
        forecast.build = .init(
            layers: build.layers, newLayers: build.newLayers, newBytes: build.newBytes,
            knownBytes: build.known.reduce(0) { $0 + $1.size }, base: plan.config.image.base)
        let store = plan.store.store(
            for: target, tag: plan.commit.id.hex, environment: environment, transport: transport,
            folder: "/nonexistent"
        ) { _ in }
        let place = store.reference(to: Digest.sha256(of: [])).prefix { $0 != "@" }
        forecast.upload = .init(place: String(place), missingLayers: nil, missingKnownBytes: nil)
        guard target.isRunning || !plan.store.isThePlatforms, let registry = store as? RegistryClient else { return }
        do {
            let missing = try await registry.missing(of: build.known)
            forecast.upload = .init(
                place: String(place), missingLayers: missing.count + build.newLayers,
                missingKnownBytes: missing.reduce(0) { $0 + $1.size })
        } catch {
            throw UserError(buildOrUpload: error)
        }
    }
}

extension StoreChoice {
    fileprivate var isThePlatforms: Bool { if case .platform = self { true } else { false } }
}
