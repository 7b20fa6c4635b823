internal import Artifacts
internal import GitCore
internal import ProcessRunner
package import ProjectConfig
internal import Workspaces

#if canImport(Glibc)
    internal import Glibc
#endif

/// Calls a function of a Dagger module, or runs a script inside of a Dagger session, and takes over the image or the files
/// that come of it.
///
/// The commit's files are in a kept folder, which the function gets as its source and the script as its working folder.
package struct DaggerBuilder: Builder {
    package let name = "Dagger"
    private let settings: BuildSettings
    private let packer: any Builder
    private let cache: LayerCache

    /// - Parameters:
    ///   - settings: with the module or the script.
    ///   - packer: packages the files of a function that returns a folder.
    package init(_ settings: BuildSettings, packer: any Builder, cache: LayerCache) {
        self.settings = settings
        self.packer = packer
        self.cache = cache
    }

    package func build(
        _ request: BuildRequest, onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> BuildResult {
        let own = settings.dagger ?? DaggerSettings()
        let environment = request.repository.environment
        guard ExecutableLookup.find("dagger", path: environment["PATH"]) != nil else {
            throw BuildFailure(.toolMissing(["dagger"]))
        }
        guard settings.secrets.isEmpty else {
            throw BuildFailure(.unusable("Dagger takes no 'secrets' from bim.yml; its own module names them"))
        }
        let repository = try request.repository.open()
        let commonDirectory = repository.commonDirectory
        let console = try BuildConsole(
            commonDirectory: commonDirectory, timeoutSeconds: settings.timeoutSeconds, onEvent: onEvent)
        let slot = try await SnapshotSlot.acquire(commonDirectory: commonDirectory, named: "builds") {
            console.finished("waited for other builds of this repository", .zero)
        }
        // The folder is this build's until its end.
        defer { _ = slot.folder }
        try slot.prepare(request.tree, caches: CacheFolders(settings.caches, usual: []), in: repository)
        let folder = try TemporaryFolder(in: cache.folder)
        let output = "\(folder.path)/output"
        let calls = DaggerCalls(own, environment: environment, source: slot.folder, output: output)
        let run = DaggerRun(console: console)
        if let test = own.test {
            try await run.call(calls.function(test, output: nil), "dagger call \(test)", isTest: true)
        }
        if let script = own.script {
            try await run.call(calls.script(script), "dagger run \(script)", isTest: false)
        } else {
            try await run.call(calls.function(own.call, output: output), "dagger call \(own.call)", isTest: false)
        }
        var result = try await result(request, output, console)
        result.ranTests = own.test != nil
        result.definition = Provenance.Definition(
            buildType: "https://backend.im/dagger/v1",
            parameters: [
                "recipe": request.layerWriter.recipe, own.script == nil ? "call" : "script": own.script ?? own.call,
                "module": own.module ?? ".", "arguments": own.arguments.joined(separator: " "),
            ])
        withExtendedLifetime(folder) {}
        return result
    }

    private func result(
        _ request: BuildRequest, _ output: String, _ console: BuildConsole
    ) async throws -> BuildResult {
        var status = stat()
        guard lstat(output, &status) == 0 else {
            throw console.failure(.unusable("Dagger says that it is done and has exported nothing"))
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            let store = try OutputStore(environment: request.repository.environment)
            let files = try FolderState(of: output, without: CacheFolders([], usual: []))
                .output(since: .nothing, store: store)
            var packing = request
            packing.overlay = BuildOverlay(
                outputs: [files], selection: settings.output, exclude: request.image.exclude, store: store,
                hasCommitFiles: false)
            return try await packer.build(packing) { _ in }
        }
        do {
            let (artifact, newLayers) = try await ImageImport(request: request, cache: cache).artifact(of: output)
            return BuildResult(
                artifact: artifact, newLayers: newLayers, notices: [],
                definition: .ownBuilder(recipe: request.layerWriter.recipe, base: nil))
        } catch let error as BuildFailure {
            throw console.failure(error.kind)
        }
    }
}

/// The calls of one build, each of which must succeed.
private struct DaggerRun: Sendable {
    let console: BuildConsole

    /// Makes a call in the form of one version of the CLI, and in the other's where it does not know that.
    func call(_ forms: [Command], _ step: String, isTest: Bool) async throws {
        let began = ContinuousClock.now
        for (index, command) in forms.enumerated() {
            let status = try await console.status(of: command, step: step, isTest: isTest)
            if status.isSuccess { return console.finished(step, ContinuousClock.now - began) }
            let lines = console.log.lastLines.suffix(5)
            if index + 1 < forms.count, lines.contains(where: { $0.contains("unknown command") }) { continue }
            if let line = lines.last(where: { $0.contains("start engine") || $0.contains("connect to engine") }) {
                throw console.failure(.unavailable(tool: "dagger", said: line))
            }
            throw console.failure(isTest ? .test(step: step, status: status) : .command(step: step, status: status))
        }
    }
}
