internal import Artifacts
internal import GitCore
internal import ProcessRunner
package import ProjectConfig

/// Runs the project's own commands in the commit's files, and packages what comes of them as the own builder does.
///
/// A step whose command, programs, inputs and predecessors are known is not run: what it made is taken from the store.
package struct StepsBuilder: Builder {
    package let name = "build steps"
    private let settings: BuildSettings
    private let isClosed: Bool
    private let packer: any Builder

    /// - Parameters:
    ///   - settings: with the steps, declared or detected.
    ///   - isClosed: whether commands run in a sandbox.
    ///   - packer: packages the files: bim's own builder, of images or of ZIPs.
    package init(_ settings: BuildSettings, isClosed: Bool, packer: any Builder) {
        self.settings = settings
        self.isClosed = isClosed
        self.packer = packer
    }

    package func build(
        _ request: BuildRequest, onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> BuildResult {
        let store = try OutputStore(environment: request.repository.environment)
        let (outputs, found) = try await outputs(request, store, onEvent)
        var packing = request
        packing.overlay = BuildOverlay(
            outputs: outputs, selection: settings.output, exclude: request.image.exclude, store: store)
        var result = try await packer.build(packing, onEvent: onEvent)
        let count = settings.steps.count
        result.summary = "\(count) \(count == 1 ? "step" : "steps"), \(found == count ? "all" : "\(found)") found"
        result.ranTests = settings.steps.contains(where: \.isTest)
        var materials: [String: Digest] = request.base.map { ["base": $0.digest] } ?? [:]
        for (index, output) in outputs.enumerated() { materials["step-output-\(index + 1)"] = try output.digest() }
        var parameters = ["recipe": request.layerWriter.recipe, "network": "\(settings.network)"]
        for (index, step) in settings.steps.enumerated() {
            parameters["\(step.isTest ? "test" : "step")-\(index + 1)"] = step.run
        }
        result.definition = Provenance.Definition(
            buildType: "https://backend.im/build-steps/v1", parameters: parameters, materials: materials)
        return result
    }

    /// What each step but the tests made, and how many steps had been run before.
    private func outputs(
        _ request: BuildRequest, _ store: OutputStore, _ onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> (outputs: [StepOutput], found: Int) {
        var outputs: [StepOutput] = []
        var pending = settings.steps[...]
        let commonDirectory = try request.repository.open().commonDirectory
        while request.usesCache, let step = pending.first,
            let output = store.output(for: try key(step, outputs, request))
        {
            if !step.isTest { outputs.append(output) }
            pending = pending.dropFirst()
            onEvent(.stepFinished("\(step.name) (found)", .zero))
        }
        let found = settings.steps.count - pending.count
        guard !pending.isEmpty else { return (outputs, found) }
        let console = try BuildConsole(
            commonDirectory: commonDirectory, timeoutSeconds: settings.timeoutSeconds, onEvent: onEvent)
        let run = StepsRun(
            request: request, settings: settings, store: store, console: console, isClosed: isClosed)
        try await run.run(Array(pending), after: outputs, commonDirectory: commonDirectory) { step, output in
            try store.store(output ?? StepOutput(), for: try key(step, outputs, request))
            if let output { outputs.append(output) }
        }
        store.prune()
        return (outputs, found)
    }

    private func key(_ step: BuildStep, _ before: [StepOutput], _ request: BuildRequest) throws -> Digest {
        let repository = try request.repository.open()
        return try StepKey(
            step, settings: settings, isClosed: isClosed, tree: request.tree, repository: repository,
            path: request.repository.environment["PATH"], before: before
        ).digest()
    }
}
