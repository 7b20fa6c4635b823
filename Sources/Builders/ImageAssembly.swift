internal import Artifacts
internal import ProjectConfig

/// What an image says besides its files: how it is run, what it is built upon, which commit it is.
struct ImageAssembly {
    /// Says in an image that the platform supplies the system, since the image has none.
    private static let systemLabel = ["im.backend.system": "host"]
    /// One time for everything, which ZIP can hold, too.
    static let created = "1980-01-01T00:00:01Z"

    let request: BuildRequest

    /// The configuration for the base's layers and, above them, those with these diff ids.
    func configuration(_ diffIDs: [Digest]) -> ImageConfiguration {
        let base = request.base?.configuration
        let history = diffIDs.map { _ in
            ImageConfiguration.History(created: Self.created, createdBy: "bim \(request.layerWriter.recipe)")
        }
        return ImageConfiguration(
            created: created, platform: request.platform, config: execution,
            diffIDs: (base?.rootfs.diffIDs ?? []) + diffIDs, history: (base?.history ?? []) + history)
    }

    /// The manifest's annotations (OCI image-spec, annotations.md); nil for an image that is of a tree.
    var annotations: [String: String]? {
        var annotations = request.image.annotations
        if request.image.isOfCommit, let commit = request.commit {
            annotations["org.opencontainers.image.revision"] = commit.revision
            annotations["org.opencontainers.image.created"] = RFC3339.text(commit.time)
            if let source = commit.source { annotations["org.opencontainers.image.source"] = source }
            if let version = commit.version { annotations["org.opencontainers.image.version"] = version }
        }
        return annotations.isEmpty ? nil : annotations
    }

    var created: String {
        guard request.image.isOfCommit, let commit = request.commit else { return Self.created }
        return RFC3339.text(commit.time)
    }

    private var execution: ImageConfiguration.Execution {
        var execution = request.base?.configuration.config ?? .init()
        execution.workingDirectory = "/app"
        execution.environment = environment
        // The base's own entrypoint starts the base's own program.
        execution.entrypoint = request.image.entrypoint
        execution.command = request.image.entrypoint == nil ? request.command.map { ["/bin/sh", "-c", $0] } : nil
        if !request.image.ports.isEmpty {
            execution.exposedPorts = Dictionary(
                uniqueKeysWithValues: Set(request.image.ports).map { ("\($0)/tcp", .init()) })
        }
        var labels = execution.labels ?? [:]
        if request.base == nil { labels.merge(Self.systemLabel) { _, own in own } }
        labels.merge(request.image.labels) { _, own in own }
        execution.labels = labels.isEmpty ? nil : labels
        return execution
    }

    /// The base's variables with the project's own over them, sorted by name.
    private var environment: [String]? {
        var variables: [String: String] = [:]
        for pair in request.base?.configuration.config?.environment ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            variables[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        variables.merge(request.image.environment) { _, own in own }
        return variables.isEmpty ? nil : variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}
