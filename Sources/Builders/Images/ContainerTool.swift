internal import Artifacts
internal import ProcessRunner
internal import ProjectConfig

/// One of the programs that build Dockerfiles, and how it is spoken to.
///
/// Where it builds is its own business: `DOCKER_HOST`, `DOCKER_CONTEXT`, `CONTAINER_HOST` and `BUILDKIT_HOST` reach it as the
/// pusher set them.
struct ContainerTool: Sendable {
    /// What becomes of the image.
    enum Delivery: Sendable, Equatable {
        /// The tool keeps it, and writes its id to this file.
        case id(file: String)
        /// The tool writes an OCI archive.
        case archive(file: String)
    }

    /// What is built.
    struct Job: Sendable {
        var dockerfile: String
        var target: String?
        var arguments: [String: String] = [:]
        var platform: String?
        /// Files by the secrets' names.
        var secrets: [String: String] = [:]
        var network = true
        /// The network of `RUN` lines in the tool's own word; nil for its default.
        var networkMode: String?
    }

    let tool: DockerfileSettings.Tool
    private let environment: [String: String]

    /// - Parameter environment: the pusher's.
    init(_ tool: DockerfileSettings.Tool, environment: [String: String]) {
        self.tool = tool
        var own = CleanEnvironment.forCommands(from: environment)
        own["SOURCE_DATE_EPOCH"] = "\(ContainerTool.time)"
        own["DOCKER_BUILDKIT"] = tool == .docker ? "0" : "1"
        self.environment = own
    }

    /// The one time of everything in an image, in seconds since 1970.
    static let time: Int64 = 315_532_801

    /// The program's name.
    var program: String { tool == .buildx ? "docker" : tool.rawValue }
    var title: String { tool == .buildx ? "docker buildx" : tool.rawValue }

    /// The classic builder knows no secrets, and an argument would be kept in the image.
    var takesSecrets: Bool { tool != .docker }

    private func command(_ arguments: [String]) -> Command {
        Command(program, arguments, environment: environment)
    }

    /// Asks whether the tool, and what it speaks to, is there.
    ///
    /// - Returns: its version.
    /// - Throws: `BuildFailure`: `toolMissing`, or `unavailable` with what it said.
    func probe() async throws -> String {
        guard ExecutableLookup.find(program, path: environment["PATH"]) != nil else {
            throw BuildFailure(.toolMissing([tool.rawValue]))
        }
        if tool == .buildx {
            let answer = try await ask(["buildx", "version"])
            guard answer.status.isSuccess else { throw BuildFailure(.toolMissing([tool.rawValue])) }
        }
        let question =
            switch tool {
            case .buildx, .docker: ["version", "--format", "{{.Server.Version}}"]
            case .podman: ["version", "--format", "{{.Client.Version}}"]
            case .buildah: ["--version"]
            }
        let answer = try await ask(question)
        guard answer.status.isSuccess else {
            let said = answer.errorText.split(separator: "\n").first.map(String.init) ?? "it says nothing"
            throw BuildFailure(.unavailable(tool: program, said: said))
        }
        return answer.text.split(separator: "\n").first.map(String.init) ?? ""
    }

    private func ask(_ arguments: [String]) async throws -> Captured {
        do {
            return try await command(arguments).capture(deadline: .seconds(30))
        } catch let error as ProcessError {
            if error.kind == .canceled { throw CancellationError() }
            throw BuildFailure(.unavailable(tool: program, said: "no answer within 30 s"))
        }
    }

    /// How this tool hands an image over.
    ///
    /// - Parameter folder: where its files may be made.
    func delivery(_ folder: String) async throws -> Delivery {
        // BuildKit inside of Docker's own daemon keeps images; any other one has no place for them.
        if tool == .buildx {
            let answer = try await ask(["buildx", "inspect"])
            let keeps = answer.text.split(separator: "\n").contains { line in
                line.split(whereSeparator: \.isWhitespace).elementsEqual(["Driver:", "docker"])
            }
            if !keeps { return .archive(file: "\(folder)/image.tar") }
        }
        return .id(file: "\(folder)/image-id")
    }

    /// The command that builds, with the context as a tar archive on its standard input.
    func build(_ job: Job, _ delivery: Delivery?) -> Command {
        var arguments = tool == .buildx ? ["buildx", "build", "--progress=plain"] : ["build"]
        switch tool {
        case .buildx: arguments += ["--provenance=false", "--sbom=false"]
        case .docker: break
        case .podman, .buildah: arguments += ["--timestamp", "\(Self.time)", "--layers"]
        }
        switch delivery {
        case .id(let file): arguments += (tool == .buildx ? ["--load"] : []) + ["--iidfile", file]
        case .archive(let file): arguments += ["--output", "type=oci,dest=\(file),rewrite-timestamp=true"]
        case nil: break
        }
        if let target = job.target { arguments += ["--target", target] }
        if let platform = job.platform { arguments += ["--platform", platform] }
        if let mode = job.network ? job.networkMode : "none" { arguments += ["--network", mode] }
        for (name, value) in job.arguments.sorted(by: { $0.key < $1.key }) {
            arguments += ["--build-arg", "\(name)=\(value)"]
        }
        for (name, file) in job.secrets.sorted(by: { $0.key < $1.key }) {
            arguments += ["--secret", "id=\(name),src=\(file)"]
        }
        return command(arguments + ["--file", job.dockerfile, "-"])
    }

    /// The command that writes an image that the tool has kept to an archive.
    func save(_ image: String, to file: String) -> Command {
        switch tool {
        case .buildx, .docker: command(["save", "--output", file, image])
        case .podman: command(["save", "--quiet", "--format", "oci-archive", "--output", file, image])
        case .buildah: command(["push", "--quiet", image, "oci-archive:\(file)"])
        }
    }
}
