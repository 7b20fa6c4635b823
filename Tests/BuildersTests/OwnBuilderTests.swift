import Artifacts
import Foundation
import GitCore
import ProjectConfig
import Testing

@testable import Builders

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

    @Test("What was built is found; a file that the cache lost is made again when it is needed")
    func cache() async throws {
        let first = try await workshop.build("app")
        let path = try await #require(first.artifact.layers.first).file()
        let bytes = try #require(FileManager.default.contents(atPath: path))
        let second = try await workshop.build("app")
        #expect(second.newLayers == 0)
        #expect(second.artifact.digest == first.artifact.digest)
        // Only who needs the bytes has them made again.
        try FileManager.default.removeItem(atPath: path)
        let third = try await workshop.build("app")
        #expect(third.newLayers == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try await #require(third.artifact.layers.first).file() == path)
        #expect(FileManager.default.contents(atPath: path) == bytes)
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
