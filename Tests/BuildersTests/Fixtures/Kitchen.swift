import Foundation
import Glibc
import ProjectConfig
import Testing

@testable import Builders

/// The real tools that build Dockerfiles, each with a store of its own that is gone afterwards.
final class Kitchen: Sendable {
    let workshop: Workshop
    private let daemon: pid_t?
    /// Where the daemon listens: the name of a socket must be short.
    private let socketFolder: String

    static let mayBeMissing = ProcessInfo.processInfo.environment["CI"] != "true"
    static var plugin: String? { ProcessInfo.processInfo.environment["BIM_BUILDX"].flatMap { $0.isEmpty ? nil : $0 } }

    /// The tools that are tested here; on a laptop those that are installed.
    static var tools: [DockerfileSettings.Tool] {
        DockerfileSettings.Tool.allCases.filter { tool in
            switch tool {
            case .buildx: plugin != nil && isThere("/usr/sbin/dockerd")
            case .docker: isThere("/usr/sbin/dockerd")
            case .podman, .buildah: isThere("/usr/bin/\(tool.rawValue)")
            }
        }
    }

    private static func isThere(_ program: String) -> Bool {
        (!mayBeMissing || access(program, X_OK) == 0) && (geteuid() == 0 || !program.hasSuffix("dockerd"))
    }

    init(_ tool: DockerfileSettings.Tool) throws {
        workshop = try Workshop()
        try workshop.run("mkdir docker && echo '{}' > docker/config.json")
        guard tool == .docker || tool == .buildx else {
            (daemon, socketFolder) = (nil, "")
            return
        }
        var template = Array("/tmp/bim-docker-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        socketFolder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        daemon = try Self.startDaemon(workshop.folder, socketFolder)
        if tool == .buildx, let plugin = Self.plugin {
            try workshop.run("mkdir -p docker/cli-plugins && ln -s '\(plugin)' docker/cli-plugins/docker-buildx")
        }
    }

    deinit {
        if let daemon {
            kill(daemon, SIGTERM)
            var status: Int32 = 0
            waitpid(daemon, &status, 0)
            try? FileManager.default.removeItem(atPath: socketFolder)
        }
    }

    private static func startDaemon(_ folder: String, _ socketFolder: String) throws -> pid_t {
        var id: pid_t = 0
        let arguments = [
            "/usr/sbin/dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs",
            "--data-root=\(folder)/data", "--exec-root=\(socketFolder)/exec", "--pidfile=\(folder)/daemon.pid",
            "--host=unix://\(socketFolder)/docker.sock", "--log-level=error",
        ]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "\(folder)/daemon.log", O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        try #require(posix_spawn(&id, arguments[0], &actions, nil, &words, environ) == 0)
        let end = ContinuousClock.now + .seconds(60)
        while access("\(socketFolder)/docker.sock", F_OK) != 0, ContinuousClock.now < end { usleep(20_000) }
        return id
    }

    /// The pusher's environment, in which each tool finds its own store and needs no network of containers.
    var environment: [String: String] {
        [
            "DOCKER_HOST": "unix://\(socketFolder)/docker.sock", "DOCKER_CONFIG": "\(workshop.folder)/docker",
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
