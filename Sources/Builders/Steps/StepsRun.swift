internal import Artifacts
internal import GitCore
internal import ProcessRunner
internal import ProjectConfig
internal import Workspaces

/// The steps of one build that nobody has run before, in a kept folder with the commit's files.
struct StepsRun: Sendable {
    /// Compilers' own folders: another build finds them again, and they are no part of an artifact.
    private static let usualCaches = [".build", "target", ".gradle", "__pycache__"]

    let request: BuildRequest
    let settings: BuildSettings
    let store: OutputStore
    let console: BuildConsole
    let isClosed: Bool

    /// What the folder keeps; a folder that the output names is none.
    private var caches: CacheFolders {
        let named = Set(settings.output.flatMap { $0.split(separator: "/").map(String.init) })
        return CacheFolders(settings.caches, usual: Self.usualCaches.filter { !named.contains($0) })
    }

    /// Runs steps one after another.
    ///
    /// - Parameters:
    ///   - earlier: what the steps before them made.
    ///   - done: told each output, nil after a test, before the next step begins.
    func run(
        _ steps: [BuildStep], after earlier: [StepOutput], commonDirectory: String,
        done: (BuildStep, StepOutput?) throws -> Void
    ) async throws {
        let slot = try await SnapshotSlot.acquire(commonDirectory: commonDirectory, named: "builds") {
            console.finished("waited for other builds of this repository", .zero)
        }
        // What a run that was killed left at work here.
        await Leftovers(folder: slot.folder).end()
        let caches = caches
        try slot.prepare(request.tree, caches: caches, in: try request.repository.open())
        for output in earlier { try store.restore(output, to: slot.folder) }
        let tools =
            "\(CacheFolder.path("builds", environment: request.repository.environment))/"
            + Digest.sha256(of: Array(commonDirectory.utf8)).hex.prefix(16)
        try CacheFolder.make(tools)
        let secrets = try SecretFiles(settings.secrets, request.repository)
        let sandbox = BuildSandbox(
            environment: request.repository.environment, folder: slot.folder, caches: tools, secrets: secrets.paths,
            network: settings.network, isClosed: isClosed)
        try await sandbox.check()
        var state = try FolderState(of: slot.folder, without: caches)
        for step in steps {
            try await run(step, sandbox)
            let after = try FolderState(of: slot.folder, without: caches)
            try done(step, step.isTest ? nil : try after.output(since: state, store: store))
            state = after
        }
        withExtendedLifetime(secrets) {}
    }

    private func run(_ step: BuildStep, _ sandbox: BuildSandbox) async throws {
        let leftovers = Leftovers()
        var variables = settings.environment.merging(step.environment) { $1 }
        if !isClosed {
            variables[Leftovers.variable] = leftovers.mark
            variables[Leftovers.folderVariable] = sandbox.folder
        }
        let result: Result<Void, any Error>
        do {
            try await console.run(sandbox.command(step.run, variables), step: step.name, isTest: step.isTest)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        // In a sandbox nothing outlives the command.
        if !isClosed { await leftovers.end() }
        try result.get()
    }
}
