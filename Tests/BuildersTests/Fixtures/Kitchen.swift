import TestPeers
import Foundation
import ProjectConfig
import Testing

@testable import Builders

/// The real tools that build Dockerfiles, each with a store of its own that is gone afterwards.
final class Kitchen: Sendable {
    let workshop: Workshop
    private let engine: DockerEngine?

    static var plugin: String? { ProcessInfo.processInfo.environment["BIM_BUILDX"].flatMap { $0.isEmpty ? nil : $0 } }

    /// The tools that are tested here; on a laptop those that are installed.
    static var tools: [DockerfileSettings.Tool] {
        DockerfileSettings.Tool.allCases.filter { tool in
            switch tool {
            case .buildx: plugin != nil && DockerEngine.canRun
            case .docker: DockerEngine.canRun
            case .podman, .buildah: Tool.canRun(tool.rawValue)
            }
        }
    }

    init(_ tool: DockerfileSettings.Tool) throws {
        workshop = try Workshop()
        try workshop.run("mkdir docker && echo '{}' > docker/config.json")
        engine = tool == .docker || tool == .buildx ? try DockerEngine(storageDriver: "vfs") : nil
        if tool == .buildx, let plugin = Self.plugin {
            try workshop.run("mkdir -p docker/cli-plugins && ln -s '\(plugin)' docker/cli-plugins/docker-buildx")
        }
    }

    /// The pusher's environment, in which each tool finds its own store and needs no network of containers.
    var environment: [String: String] {
        [
            "DOCKER_HOST": engine?.host ?? "unix:///nonexistent", "DOCKER_CONFIG": "\(workshop.folder)/docker",
            "BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs",
            "CONTAINERS_STORAGE_CONF": "\(workshop.folder)/storage.conf", "XDG_RUNTIME_DIR": "\(workshop.folder)",
        ]
    }

    func build(
        _ yaml: String, _ repository: String = "app", tool: DockerfileSettings.Tool?, store: String = "store",
        story: Story = Story(), more: [String: String] = [:], commit: CommitFacts? = nil
    ) async throws -> BuildResult {
        let root = "\(workshop.folder)/\(store)"
        let configuration = "[storage]\ndriver = \"vfs\"\ngraphroot = \"\(root)\"\nrunroot = \"\(root)-run\"\n"
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: "\(workshop.folder)/storage.conf"))
        let config = try ProjectConfig.parse(yaml)
        var settings = try BuilderChoice(
            config, files: AnyFiles()
        ).settings
        let named = settings.dockerfile?.tool
        settings.dockerfile?.tool = named ?? tool
        // The daemon of the tests has no network of its own.
        if tool == .docker || tool == .buildx { settings.dockerfile?.network = "host" }
        let request = try workshop.request(
            repository, config.image, commit: commit, cache: "cache-\(store)",
            environment: environment.merging(more) { $1 })
        return try await DockerfileBuilder(settings, cache: try workshop.cache("cache-\(store)")).build(
            request, onEvent: story.hear)
    }

    /// A commit in which everything that is asked for is there.
    private struct AnyFiles: FileListing {
        func text(_ path: String) -> String? { nil }
        func exists(_ path: String) -> Bool { true }
        func names(in folder: String) -> [(name: String, isExecutable: Bool, isDirectory: Bool)] { [] }
    }
}
