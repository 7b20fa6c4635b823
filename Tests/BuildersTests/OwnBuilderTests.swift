import Artifacts
import Foundation
import GitCore
import ProjectConfig
import Testing

@testable import Builders

/// A temporary folder with repositories and caches in it.
private final class Workshop: Sendable {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "bim-builders-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func run(_ script: String) throws {
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
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(script)")
    }

    func build(_ repository: String, cache: String = "cache", exclude: [String] = []) async throws -> BuildResult {
        let location = RepositoryLocation(
            environment: ["HOME": folder, "GIT_CONFIG_NOSYSTEM": "1"], folder: "\(folder)/\(repository)")
        var image = ImageSettings()
        image.exclude = exclude
        let request = BuildRequest(
            repository: location, tree: try location.open().commit(try location.open().resolve("HEAD")).tree,
            image: image,
            command: "python3 app.py", platform: .init(os: "linux", architecture: "amd64"), base: nil)
        let cache = try LayerCache(environment: ["XDG_CACHE_HOME": "\(folder)/\(cache)"])
        return try await OwnBuilder(cache: cache).build(request) { _, _ in }
    }
}

/// An image straight from git's objects.
struct OwnBuilderTests {
    private let workshop: Workshop

    init() throws {
        workshop = try Workshop()
        try workshop.run(
            """
            git init -q -b main app && cd app
            printf 'print(1)\\n' > app.py; printf '#!/bin/sh\\n' > run; chmod +x run; ln -s app.py link
            mkdir -p docs; printf 'text\\r\\n' > docs/a.txt
            git add -A && git commit -qm one
            """)
    }

    @Test("The digest of a tree is known: a change of it is a change of the recipe")
    func golden() async throws {
        let result = try await workshop.build("app")
        #expect(result.artifact.digest.hex == "601b56703c14598fd9536a90a60f61af92066b79e2ff7b189b65ee8a43eb7d2b")
        #expect(result.newLayers == 1)
    }

    @Test("Clones of every kind, other caches and other settings of git give one digest")
    func reproducible() async throws {
        let digest = try await workshop.build("app").artifact.digest
        try workshop.run(
            """
            git clone -q --depth 1 file://$PWD/app shallow; git clone -q --bare app bare; git clone -q -s app shared
            git -C app worktree add -q ../tree -b side
            git -C shared config core.autocrlf true; umask 077; git -C shared checkout -q .
            """)
        for clone in ["shallow", "bare", "shared", "tree"] {
            #expect(try await workshop.build(clone, cache: "cache-\(clone)").artifact.digest == digest, "\(clone)")
        }
    }

    @Test("What was built is found; a cache that lost a file builds again, to the same digest")
    func cache() async throws {
        let first = try await workshop.build("app")
        #expect(try await workshop.build("app").newLayers == 0)
        guard case .file(let path) = try #require(first.artifact.layers.first).source else {
            Issue.record("the layer has no file")
            return
        }
        try FileManager.default.removeItem(atPath: path)
        let again = try await workshop.build("app")
        #expect(again.newLayers == 1)
        #expect(again.artifact.digest == first.artifact.digest)
    }

    @Test("Builds at the same time share a cache")
    func parallel() async throws {
        try await withThrowingTaskGroup(of: Digest.self) { group in
            for _ in 0..<6 { group.addTask { try await workshop.build("app").artifact.digest } }
            var digests: Set<Digest> = []
            for try await digest in group { digests.insert(digest) }
            #expect(digests.count == 1)
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(workshop.folder)/cache/bim/layers")
        #expect(left.allSatisfy { !$0.hasPrefix("partial-") })
    }

    @Test("Excluded paths are left out, submodules and LFS pointers are named")
    func notices() async throws {
        let whole = try await workshop.build("app").artifact.digest
        #expect(try await workshop.build("app", exclude: ["docs"]).artifact.digest != whole)
        #expect(try await workshop.build("app", exclude: ["nothing*"]).artifact.digest == whole)
        try workshop.run(
            """
            cd app; printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:0\\nsize 1\\n' > big.bin; git add -A
            git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub; git commit -qm two
            """)
        let notices = try await workshop.build("app").notices
        #expect(notices.contains { $0.contains("'big.bin' is a git LFS pointer") })
        #expect(notices.contains { $0.contains("the submodule 'sub'") })
    }
}
