internal import Artifacts
internal import Builders
internal import Deployers
internal import Diagnostics
internal import GitCore
internal import HTTPTransport
internal import PlatformAPI
internal import ProjectConfig
internal import Registry

/// The story of one pushed branch, in order: plan → build → upload, with the source beside it → deploy.
///
/// Each step is a value that carries what the next one needs; nothing here knows how a step is done.
struct Push: Sendable {
    let location: RepositoryLocation
    let source: any SourceSender
    let builder: any Builder
    let store: any ArtifactStore
    let deployer: any Deployer
    let reporter: any Reporter
    let transport: HTTPTransport
    let wishes: PushWishes
    /// Where layers of base images are kept.
    let layerFolder: String

    /// Makes the update's commit live.
    ///
    /// - Parameter others: changes of refs that deploy nothing, made in the same transaction; their objects are there.
    /// - Returns: the deployment; it is not over when the pusher did not want to wait for it.
    /// - Throws: `UserError`; what was live before still is then.
    func run(_ plan: PushPlan, with others: [RefUpdate]) async throws(UserError) -> Deployment {
        async let source: Void = source.send([plan.commit.id])
        // Ends with this function, however that ends.
        async let _ = signsOfLife()
        do {
            let result = try await build(plan)
            let artifact = try await upload(result, plan)
            try await source
            return try await deploy(artifact, plan, with: others)
        } catch let error as UserError {
            throw error
        } catch {
            throw UserError(buildOrUpload: error)
        }
    }

    private func signsOfLife() async {
        while (try? await Task.sleep(for: .seconds(1))) != nil { reporter.report(.alive) }
    }

    private func build(_ plan: PushPlan) async throws -> BuildResult {
        let began = ContinuousClock.now
        reporter.report(.progress(.build, builder.name))
        let request = BuildRequest(
            repository: location, tree: plan.commit.tree, image: plan.config.image, command: plan.web,
            platform: plan.platform, base: try await base(plan),
            commit: CommitFacts(revision: plan.commit.id.hex, time: plan.commit.committerTime),
            usesCache: wishes.usesCache)
        let result = try await builder.build(request) { [reporter, builder] event in
            switch event {
            case .layers(let done, let all):
                reporter.report(.progress(.build, "\(builder.name), \(done) of \(all) layers"))
            case .step(let text): reporter.report(.progress(.build, text))
            case .stepFinished(let text, let duration): reporter.report(.finished(.build, text, duration))
            case .output(let line): reporter.report(.output(line))
            }
        }
        for notice in result.notices { reporter.report(.notice(notice)) }
        let layers = result.artifact.layers.count
        let news = result.newLayers == 0 ? "nothing new" : "\(result.newLayers) new"
        reporter.report(
            .finished(
                .build,
                [builder.name, result.summary, "\(layers) \(layers == 1 ? "layer" : "layers")", news]
                    .compactMap(\.self).joined(separator: ", "),
                ContinuousClock.now - began))
        return result
    }

    /// The image that the file wants to be built upon, resolved before anything is built.
    private func base(_ plan: PushPlan) async throws -> BaseImage? {
        guard let text = plan.config.image.base else { return nil }
        guard let reference = ImageReference(text) else {
            throw UserError(
                .configInvalid, "'\(text)' in bim.yml is not the name of an image",
                hint: "write it like docker.io/library/python:3.12-slim")
        }
        reporter.report(.progress(.build, "resolving \(reference)"))
        if !reference.version.hasPrefix("sha256:") {
            reporter.report(.notice("the base image '\(reference)' is a tag, which may move; a digest would not"))
        }
        return try await ImageSource(
            reference, environment: location.environment, transport: transport, folder: layerFolder
        ).resolve(for: plan.platform)
    }

    /// How long a platform without a key may read an artifact; it may have to wait for its turn first.
    private static let presignedSeconds = 3600

    /// Brings the artifact to its store and says how the platform finds it there.
    private func upload(_ result: BuildResult, _ plan: PushPlan) async throws -> DeploymentRequest.Artifact {
        let artifact = result.artifact
        let began = ContinuousClock.now
        let reference = store.reference(to: artifact)
        let place = reference.split(separator: "@")[0]
        reporter.report(.progress(.upload, "\(place)"))
        var text = "\(place), already there"
        let isThere = wishes.usesCache ? try await store.contains(artifact) : false
        if !isThere {
            let summary = try await store.upload(artifact) { [reporter] done, all in
                reporter.report(.progress(.upload, "\(place), \(done) of \(all) layers"))
            }
            await attachProvenance(of: result, plan)
            text = "\(place), \(summary.sentLayers) of \(summary.layers) layers, \(formatBytes(summary.sentBytes))"
        }
        reporter.report(.finished(.upload, text, ContinuousClock.now - began))
        return DeploymentRequest.Artifact(
            kind: plan.config.artifact.rawValue, reference: reference,
            urls: plan.takesPresignedURLs
                ? try await store.presignedURLs(for: artifact, seconds: Self.presignedSeconds) : nil)
    }

    /// Says beside the artifact how it was made. A registry that does not take that is no reason to stop.
    private func attachProvenance(of result: BuildResult, _ plan: PushPlan) async {
        let provenance = Provenance(
            subject: result.artifact.zip?.descriptor.digest ?? result.artifact.digest, commit: plan.commit.id.hex,
            tree: plan.commit.tree.hex, definition: result.definition, tests: plan.tests.status,
            builder: "https://backend.im/bim/\(Diagnostics.version)")
        do {
            try await store.attach(try provenance.statement(), type: Provenance.mediaType, to: result.artifact)
        } catch {
            reporter.report(
                .notice("the artifact goes without its provenance, which the registry did not take: \(error)"))
        }
    }

    private func deploy(
        _ artifact: DeploymentRequest.Artifact, _ plan: PushPlan, with others: [RefUpdate]
    ) async throws(UserError) -> Deployment {
        let began = ContinuousClock.now
        let request = DeploymentRequest(
            environment: plan.environment, kind: plan.isPreview ? "preview" : "permanent",
            protected: plan.isProtected, ref: plan.update.ref,
            commit: plan.commit.id.hex, oldCommit: plan.update.old?.hex, force: plan.update.isForced,
            artifact: artifact, settings: plan.settings,
            tests: plan.tests, message: wishes.message ?? plan.commit.summary,
            client: "git-remote-bim/\(Diagnostics.version)", refs: others.map(\.change), extra: wishes.extra)
        let probes = ProbeCount()
        reporter.report(.progress(.deploy, plan.environment))
        let deployment = try await deployer.deploy(request, patience: wishes.patience) { [reporter] event in
            switch event.type {
            case .probe: probes.increment()
            case .status, .progress: reporter.report(.progress(.deploy, event.message))
            case .notice: reporter.report(.notice(event.message))
            case .log where event.phase == DeploymentPhase.releasing.rawValue: reporter.report(.output(event.message))
            case .log, .end: break
            }
        }
        let duration = ContinuousClock.now - began
        if deployment.isHandedOver {
            let text = "handed over with \(reference); the other side does not tell what becomes of it"
            reporter.report(.finished(.deploy, text, duration))
            return deployment
        }
        guard deployment.status.isFinal else {
            let text = "deployment \(deployment.id) goes on, and is not waited for; git bim status tells how it ends"
            reporter.report(.finished(.deploy, text, duration))
            return deployment
        }
        guard deployment.status == .healthy else { throw failure(of: deployment, after: duration, plan) }
        let count = probes.value
        let health = count == 0 ? "running" : "healthy after \(count) \(count == 1 ? "probe" : "probes")"
        let name = deployment.release.map { "release \($0), \(health)" } ?? "done"
        reporter.report(.finished(.deploy, name, duration))
        return deployment
    }

    /// Prints what is known of a failed deployment: the reason, then the last lines of the log.
    private func failure(of deployment: Deployment, after duration: Duration, _ plan: PushPlan) -> UserError {
        guard let failure = deployment.failure else {
            return UserError(.internal, "the deployment ended as '\(deployment.status.rawValue)' without a reason")
        }
        reporter.report(.finished(.deploy, failure.message, duration))
        // A release command's lines were shown when they came.
        if failure.phase != DeploymentPhase.releasing.rawValue {
            for line in failure.logTail.suffix(20) { reporter.report(.output(line)) }
        }
        // A platform that cannot run or reach anything may not reach that one either.
        let live =
            failure.code == .platformUnavailable ? nil : plan.update.liveRelease.map { "release \($0) is still live" }
        let hints = [failure.hint, live].compactMap(\.self)
        return UserError(failure.code, failure.message, hint: hints.isEmpty ? nil : hints.joined(separator: "; "))
    }
}
