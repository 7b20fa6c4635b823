import Artifacts
import Foundation
import GitCore
import ProjectConfig
import Testing

@testable import Builders

/// A temporary folder with repositories and caches in it.
final class Workshop: Sendable {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "bim-builders-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Runs a script of the shell in the folder and returns what it prints.
    @discardableResult
    func run(_ script: String) throws -> String {
        let output = "\(folder)/output-\(UUID().uuidString)"
        try Data().write(to: URL(fileURLWithPath: output))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-ec", script]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = [
            "HOME": folder, "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b", "GIT_AUTHOR_DATE": "2030-01-01T00:00:00Z",
            "GIT_COMMITTER_DATE": "2030-01-01T00:00:00Z",
        ]
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(script)")
        return try String(contentsOfFile: output, encoding: .utf8)
    }

    func location(
        _ repository: String, cache: String = "cache", _ more: [String: String] = [:]
    ) -> RepositoryLocation {
        let own = [
            "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "TMPDIR": folder,
            "XDG_CACHE_HOME": "\(folder)/\(cache)",
        ]
        return RepositoryLocation(environment: own.merging(more) { $1 }, folder: "\(folder)/\(repository)")
    }

    func cache(_ name: String = "cache", limit: Int64 = LayerCache.defaultLimit) throws -> LayerCache {
        try LayerCache(environment: ["XDG_CACHE_HOME": "\(folder)/\(name)"], limit: limit)
    }

    func request(
        _ repository: String, _ image: ImageSettings = ImageSettings(), commit: CommitFacts? = nil,
        base: BaseImage? = nil, cache: String = "cache", usesCache: Bool = true,
        environment more: [String: String] = [:]
    ) throws -> BuildRequest {
        let location = location(repository, cache: cache, more)
        return BuildRequest(
            repository: location, tree: try location.open().commit(try location.open().resolve("HEAD")).tree,
            image: image, command: "python3 app.py", platform: .init(os: "linux", architecture: "amd64"), base: base,
            commit: commit, usesCache: usesCache)
    }

    func build(_ repository: String, cache: String = "cache", exclude: [String] = []) async throws -> BuildResult {
        var image = ImageSettings()
        image.exclude = exclude
        return try await build(try request(repository, image), cache: try self.cache(cache))
    }

    func build(_ request: BuildRequest, cache: LayerCache? = nil) async throws -> BuildResult {
        try await OwnBuilder(cache: try cache ?? self.cache()).build(request) { _ in }
    }

    /// What `tar` lists of all layers, the lowest first, with its `-v` form.
    func listing(_ artifact: Artifact) async throws -> [String] {
        var lines: [String] = []
        for layer in artifact.layers {
            let path = try await layer.file()
            lines += try run("TZ=UTC tar --full-time --quoting-style=escape -tvzf '\(path)'")
                .split(separator: "\n").map(String.init)
        }
        return lines
    }

    /// The text of a file in the image's folder of the app.
    func text(_ path: String, in artifact: Artifact) async throws -> String {
        var text = ""
        for layer in artifact.layers {
            let file = try await layer.file()
            text += try run("tar -xzOf '\(file)' 'app/\(path)' 2>/dev/null || true")
        }
        return text
    }

    /// The paths of the files in the image, sorted, without the folder of the app.
    func files(_ artifact: Artifact) async throws -> [String] {
        var paths: [String] = []
        for layer in artifact.layers {
            let path = try await layer.file()
            paths += try run("tar --quoting-style=escape -tzf '\(path)'").split(separator: "\n").map(String.init)
        }
        return paths.filter { !$0.hasSuffix("/") }.map { String($0.dropFirst(4)) }.sorted()
    }
}
