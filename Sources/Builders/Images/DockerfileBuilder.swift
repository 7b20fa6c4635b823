internal import Artifacts
internal import GitCore
internal import ProcessRunner
package import ProjectConfig
internal import Workspaces

#if canImport(Glibc)
    internal import Glibc
#endif

/// Hands a Dockerfile and the commit's files to Docker, Podman or Buildah, and takes over the image that they make.
package struct DockerfileBuilder: Builder {
    package let name = "Dockerfile"
    private let settings: BuildSettings
    private let cache: LayerCache

    /// - Parameter settings: with the Dockerfile's path.
    package init(_ settings: BuildSettings, cache: LayerCache) {
        self.settings = settings
        self.cache = cache
    }

    package func build(
        _ request: BuildRequest, onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> BuildResult {
        let own = settings.dockerfile ?? DockerfileSettings()
        let dockerfile = own.file ?? "Dockerfile"
        let secrets = try SecretFiles(settings.secrets, request.repository)
        let (tool, version) = try await tool(own.tool, request.repository.environment)
        let console = try BuildConsole(
            commonDirectory: try request.repository.open().commonDirectory,
            timeoutSeconds: settings.timeoutSeconds, onEvent: onEvent)
        let context = try BuildContext(request, dockerfile: dockerfile, spoolFolder: cache.folder)
        var job = ContainerTool.Job(
            dockerfile: dockerfile, arguments: own.arguments, platform: own.platform ?? Self.foreign(request.platform),
            secrets: secrets.paths, network: settings.network, networkMode: own.network)
        let run = DockerfileRun(tool: tool, console: console, context: context, platform: request.platform)
        if let test = own.test {
            job.target = test
            try await run.test(job)
        }
        job.target = own.target
        let folder = try TemporaryFolder(in: cache.folder)
        let archive = try await run.build(job, folder: folder.path)
        let (artifact, newLayers) = try await ImageImport(request: request, cache: cache).artifact(of: archive)
        withExtendedLifetime((folder, secrets)) {}
        var result = BuildResult(
            artifact: artifact, newLayers: newLayers, notices: context.notices,
            definition: try definition(job, dockerfile, request))
        result.summary = "\(tool.title) \(version)"
        result.ranTests = own.test != nil
        return result
    }

    /// The named tool, or the first that works.
    ///
    /// - Throws: `BuildFailure`; of several tools the one that is there and does not answer is told.
    private func tool(
        _ named: DockerfileSettings.Tool?, _ environment: [String: String]
    ) async throws -> (tool: ContainerTool, version: String) {
        var failure: BuildFailure?
        for candidate in named.map({ [$0] }) ?? DockerfileSettings.Tool.allCases {
            let tool = ContainerTool(candidate, environment: environment)
            if !settings.secrets.isEmpty, !tool.takesSecrets {
                guard named == nil else {
                    throw BuildFailure(
                        .unusable("Docker's classic builder takes no secrets; buildx, podman and buildah do"))
                }
                continue
            }
            do {
                return (tool, try await tool.probe())
            } catch let error as BuildFailure {
                if case .unavailable = error.kind, failure == nil { failure = error }
            }
        }
        throw failure ?? BuildFailure(.toolMissing(named.map { [$0.rawValue] } ?? ["docker", "podman", "buildah"]))
    }

    /// The platform as an option, where it is not this machine's own.
    private static func foreign(_ platform: Artifacts.Platform) -> String? {
        #if arch(arm64)
            let own = "arm64"
        #else
            let own = "amd64"
        #endif
        return platform.architecture == own ? nil : "\(platform.os)/\(platform.architecture)"
    }

    private func text(of file: String, _ request: BuildRequest) throws -> String {
        let bytes = try request.repository.open().blob(at: file, inTree: request.tree) ?? []
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Says how the image was made; base images that the Dockerfile names by digest are materials.
    private func definition(
        _ job: ContainerTool.Job, _ file: String, _ request: BuildRequest
    ) throws -> Provenance.Definition {
        var parameters = ["dockerfile": job.dockerfile, "recipe": request.layerWriter.recipe]
        parameters["target"] = job.target
        parameters["platform"] = job.platform
        for (name, value) in job.arguments { parameters["argument-\(name)"] = value }
        var materials: [String: Digest] = [:]
        for line in try text(of: file, request).split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.first?.lowercased() == "from",
                let image = words.dropFirst().first(where: { !$0.hasPrefix("--") }),
                let at = image.lastIndex(of: "@"), let digest = Digest(String(image[image.index(after: at)...]))
            else { continue }
            materials[String(image[..<at])] = digest
        }
        return .init(
            buildType: "https://backend.im/dockerfile/v1", parameters: parameters, materials: materials)
    }
}

/// The commands of one Dockerfile's build.
private struct DockerfileRun: Sendable {
    let tool: ContainerTool
    let console: BuildConsole
    let context: BuildContext
    let platform: Artifacts.Platform

    /// Builds the stage that is a test.
    func test(_ job: ContainerTool.Job) async throws {
        let step = "\(tool.title) build --target \(job.target ?? "")"
        let began = ContinuousClock.now
        let status = try await console.status(of: tool.build(job, nil), step: step, isTest: true) { [context] input in
            try await context.write(to: input)
        }
        guard status.isSuccess else {
            let kind = kind(step, status)
            if case .said = kind { throw console.failure(.test(step: step, status: status)) }
            if case .command = kind { throw console.failure(.test(step: step, status: status)) }
            throw console.failure(kind)
        }
        console.finished(step, ContinuousClock.now - began)
    }

    /// Builds the image and returns the path of its archive in the folder.
    func build(_ job: ContainerTool.Job, folder: String) async throws -> String {
        let step = "\(tool.title) build"
        let delivery = try await tool.delivery(folder)
        try await run(tool.build(job, delivery), step) { [context] input in try await context.write(to: input) }
        switch delivery {
        case .archive(let file): return file
        case .id(let file):
            let text = ProcFile.read(file).map { String(decoding: $0, as: UTF8.self) } ?? ""
            let image = text.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
            // The file of some tools holds the digest's digits alone.
            let digits = image.split(separator: ":").last.map(String.init) ?? ""
            guard Digest("sha256:\(digits)") != nil else {
                throw console.failure(.unusable("'\(tool.title)' does not say which image it made"))
            }
            let archive = "\(folder)/image.tar"
            try await run(tool.save(digits, to: archive), "\(tool.title) save") { _ in }
            return archive
        }
    }

    private func run(
        _ command: Command, _ step: String, feeding feed: @escaping @Sendable (ProgramInput) async throws -> Void
    ) async throws {
        let began = ContinuousClock.now
        let status = try await console.status(of: command, step: step, feeding: feed)
        guard status.isSuccess else { throw console.failure(kind(step, status)) }
        console.finished(step, ContinuousClock.now - began)
    }

    private func kind(_ step: String, _ status: ExitStatus) -> BuildFailure.Kind {
        console.log.flush()
        return ToolMessages.kind(
            console.log.lastLines, tool: tool.program, step: step, status: status, platform: platform)
    }
}
