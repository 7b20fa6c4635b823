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

    /// Makes the artifact of a commit and uploads it; nothing is deployed.
    ///
    /// - Returns: its reference with its digest.
    func makeArtifact(of plan: PushPlan) async throws(UserError) -> String {
        async let _ = signsOfLife()
        do { return try await bringArtifact(of: plan).reference } catch {
            throw UserError(buildOrUpload: error)
        }
    }

    /// Makes an artifact live that is there already, with the commit that it is of. The platform reads it with a key of its
    /// own where its store wants one.
    func promote(_ reference: String, _ plan: PushPlan) async throws(UserError) -> Deployment {
        async let _ = signsOfLife()
        try await source.send([plan.commit.id])
        return try await deploy(
            DeploymentRequest.Artifact(kind: plan.config.artifact.rawValue, reference: reference), plan, with: [])
    }

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
            let artifact = try await bringArtifact(of: plan)
            try await source
            return try await deploy(artifact, plan, with: others)
        } catch let error as UserError {
            throw error
        } catch {
            throw UserError(buildOrUpload: error)
        }
    }

    /// Builds and uploads; layers go up while others are made.
    private func bringArtifact(of plan: PushPlan) async throws -> DeploymentRequest.Artifact {
        let (layers, feed) = AsyncStream<Artifact.Layer>.makeStream()
        async let taken = store.take(layers)
        let result = try await build(plan, feed)
        let began = ContinuousClock.now
        return try await upload(result, plan, after: try await taken, began)
    }

    private func signsOfLife() async {
        while (try? await Task.sleep(for: .seconds(1))) != nil { reporter.report(.alive) }
    }

    private func build(
        _ plan: PushPlan, _ feed: AsyncStream<Artifact.Layer>.Continuation
    ) async throws -> BuildResult {
        defer { feed.finish() }
        let began = ContinuousClock.now
        reporter.report(.progress(.build, builder.name))
        let request = BuildRequest(
            repository: location, tree: plan.commit.tree, image: plan.config.image, command: plan.web,
            platform: plan.platform, base: try await base(plan),
            commit: try await CommitNaming(location: location).facts(of: plan.commit, plan.config.image),
            usesCache: wishes.usesCache)
        let result = try await builder.build(request) { [reporter, builder] event in
            switch event {
            case .layers(let done, let all):
                reporter.report(.progress(.build, "\(builder.name), \(done) of \(all) layers"))
            case .step(let text): reporter.report(.progress(.build, text))
            case .stepFinished(let text, let duration): reporter.report(.finished(.build, text, duration))
            case .output(let line): reporter.report(.output(line))
            case .layer(let layer): feed.yield(layer)
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
    private func upload(
        _ result: BuildResult, _ plan: PushPlan, after taken: TakenLayers, _ began: ContinuousClock.Instant
    ) async throws -> DeploymentRequest.Artifact {
        let artifact = result.artifact
        let reference = store.reference(to: artifact)
        let place = reference.split(separator: "@")[0]
        reporter.report(.progress(.upload, "\(place)"))
        var text = "\(place), already there"
        let isThere = wishes.usesCache ? try await store.contains(artifact) : false
        if !isThere {
            let summary = try await store.upload(artifact, after: taken) { [reporter] done, all in
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
            try await store.attach(
                try provenance.statement(), type: Provenance.mediaType, named: "provenance.json", to: result.artifact)
        } catch {
            let why = UserError(buildOrUpload: error).message
            reporter.report(.notice("the artifact goes without its provenance, which was not taken: \(why)"))
        }
    }

    private func deploy(
        _ artifact: DeploymentRequest.Artifact, _ plan: PushPlan, with others: [RefUpdate]
    ) async throws(UserError) -> Deployment {
        let request = DeploymentRequest(
            environment: plan.environment, kind: plan.isPreview ? "preview" : "permanent",
            protected: plan.isProtected, ref: plan.update.ref,
            commit: plan.commit.id.hex, oldCommit: plan.update.old?.hex, force: plan.update.isForced,
            artifact: artifact, settings: plan.settings,
            tests: plan.tests, message: wishes.message ?? plan.commit.summary,
            client: "git-remote-bim/\(Diagnostics.version)", refs: others.map(\.change), extra: wishes.extra)
        let story = DeploymentStory(
            reporter: reporter, liveRelease: plan.update.liveRelease, liveCommit: plan.update.old?.hex)
        reporter.report(.progress(.deploy, plan.environment))
        let deployment = try await deployer.deploy(request, patience: wishes.patience, onEvent: story.hear)
        try story.end(deployment)
        return deployment
    }
}
