internal import Artifacts
internal import Builders
internal import Diagnostics
internal import GitCore
internal import PlatformAPI
internal import ProjectConfig

/// Everything that a deployment of one commit needs to know before it begins; what a dry run prints.
struct PushPlan: Sendable {
    /// What a ref update asks for.
    struct Subject: Sendable {
        let update: RefUpdate
        let commit: Commit
        let config: ProjectConfig
        let environment: String
        let isPreview: Bool
    }

    let update: RefUpdate
    let commit: Commit
    let environment: String
    let isPreview: Bool
    let config: ProjectConfig
    let run: RunPlan
    let platform: Artifacts.Platform
    let evidence: TestEvidence
    let store: StoreChoice
    /// Which way the artifact is made, and why.
    let choice: BuilderChoice
    /// Whether build steps run in a sandbox; the pusher alone can say no.
    let closesBuild: Bool
    /// Whether the platform may be handed URLs that let it read the artifact without a key of its own.
    let takesPresignedURLs: Bool

    /// - Throws: `NO_BUILDER` when nothing says how to start the app.
    init(
        _ subject: Subject, wishes: PushWishes, settings: RemoteSettings, target: DeployTarget,
        description: PlatformDescription
    ) throws(UserError) {
        let location = settings.location
        update = subject.update
        commit = subject.commit
        environment = subject.environment
        isPreview = subject.isPreview
        guard AppID.isValidName(environment) else {
            throw UserError(
                .branchNotMapped, "'\(environment)' cannot be the name of an environment",
                hint: "use at most 40 lower-case letters, digits and hyphens")
        }
        guard let first = description.platforms.first else {
            throw UserError(.platformMismatch, "the platform names no system that it can run images for")
        }
        platform = Artifacts.Platform(os: first.os, architecture: first.architecture)
        try Self.refuseUnsupported(subject.config)
        guard description.artifactKinds.contains(subject.config.artifact.rawValue) else {
            throw UserError(
                .configInvalid, "the platform takes no artifact of the kind '\(subject.config.artifact.rawValue)'",
                hint: "set 'artifact' in bim.yml to \(description.artifactKinds.joined(separator: " or "))")
        }
        takesPresignedURLs = description.features.contains(PlatformDescription.presignedURLs)
        store = try StoreChoice(
            subject.config, settings, platform: target.registry, suggested: target.suggestedRegistry)
        do {
            evidence = try TestEvidence(
                tree: commit.tree, branch: String(update.ref.dropFirst("refs/heads/".count)),
                config: subject.config,
                location: location, skipReason: wishes.skippedTests)
        } catch {
            throw error.userError
        }
        choice = try Self.choose(commit, subject.config, settings)
        closesBuild = try Self.closesBuild(settings)
        var config = subject.config
        config.image.environment = (choice.detected?.environment ?? [:]).merging(config.image.environment) { $1 }
        self.config = config
        if EnvironmentMap(config).rule(named: environment)?.requiredTests ?? false, !evidence.hasPassed,
            !choice.hasTests
        {
            throw UserError(
                .testsRequired, "the environment '\(environment)' takes only commits whose tests have passed",
                hint: "bim-hooks run --commit \(commit.id.abbreviated()), and push again")
        }
        run = try Self.runPlan(commit, config, choice, location)
    }

    private static func runPlan(
        _ commit: Commit, _ config: ProjectConfig, _ choice: BuilderChoice, _ location: RepositoryLocation
    ) throws(UserError) -> RunPlan {
        let files: CommitFiles
        do { files = try CommitFiles(location, tree: commit.tree) } catch { throw error.userError }
        let found = Result { () throws(NoRunCommand) in
            try choice.bringsCommand
                ? RunCommand.declared(config: config, files: files)
                : RunCommand.resolve(config: config, files: files, build: choice.detected)
        }
        // What could not be read seemed not to be there, so what was found means nothing.
        if let failure = files.failure { throw failure.userError }
        do {
            return try found.get()
        } catch {
            throw UserError(
                error.procfile == nil ? .noBuilder : .configInvalid, error.message, reason: error.shortMessage,
                hint: "add a file 'Procfile' with a line such as 'web: python3 app.py', commit and push again")
        }
    }

    /// What the file may say and this version cannot do is refused, not overlooked.
    private static func refuseUnsupported(_ config: ProjectConfig) throws(UserError) {
        if let port = config.port {
            // The old and the new release run side by side until the switch, on one network: one port serves one of them.
            throw UserError(
                .configInvalid,
                "bim.yml sets 'port: \(port)', and every release gets a port of its own in the variable PORT",
                hint: "remove 'port' and let the process take it, such as 'web: python3 app.py --port $PORT'")
        }
    }

    /// Production is protected even where the file says nothing: removing it is never a slip of the fingers.
    var isProtected: Bool {
        environment == "production" || EnvironmentMap(config).rule(named: environment)?.protected ?? false
    }

    var web: String? { run.processes.first { $0.name == "web" }?.command }

    /// Whether requests reach the app; an image that says itself what it runs is taken to serve them.
    var servesWeb: Bool { run.processes.isEmpty || web != nil }

    /// What travels with the deployment: a build with tests ends only when they have passed.
    var tests: DeploymentRequest.Tests { choice.hasTests ? .init(status: "passed") : evidence.tests }

    var settings: DeploymentRequest.Settings {
        .init(
            processes: Dictionary(run.processes.map { ($0.name, $0.command) }, uniquingKeysWith: { first, _ in first }),
            releaseCommand: run.releaseCommand, healthPath: config.health.path,
            healthTimeoutSeconds: config.health.timeoutSeconds, graceSeconds: config.graceSeconds)
    }

    /// Lines below the headline that ask for nothing.
    func notices(app: AppID) -> [String] {
        guard let name = config.app, name != app.app else { return [] }
        return ["bim.yml calls this app '\(name)'; it is '\(app.app)' here, as the remote's URL says"]
    }

    /// The first line that the pusher sees.
    func headline(app: AppID) -> String {
        let branch = update.ref.hasPrefix("refs/heads/") ? String(update.ref.dropFirst(11)) : update.ref
        return "\(app)  \(branch) → \(environment)  \(commit.id.abbreviated()) \"\(commit.summary)\""
    }
}
