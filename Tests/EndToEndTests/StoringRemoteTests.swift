import Foundation
import Testing

/// A remote that only keeps the source: a git repository on this machine, with `bim.deploy = never`.
struct StoringRemoteTests {
    private let sandbox: Sandbox
    private let project: Project

    init() async throws {
        sandbox = try Sandbox()
        try await sandbox.git("init --quiet --bare -b main \(sandbox.root)/store.git").success()
        project = try await Project(in: sandbox, remote: "bim::\(sandbox.root)/store.git")
        try await project.git("config bim.deploy never").success()
        try await project.commit("One", ["file": "1"])
        try await project.push().success()
    }

    private func stored(_ ref: String) async throws -> String {
        try await sandbox.git("-C \(sandbox.root)/store.git rev-parse --verify --quiet \(ref)").stdout
            .trimmingCharacters(in: .newlines)
    }

    @Test("Refs are kept as git keeps them, and nothing is started")
    func stores() async throws {
        let main = try await project.objectID("main")
        #expect(try await stored("refs/heads/main") == main)
        try await project.git("tag v1").success()
        try await project.push("--atomic v1 main:refs/heads/other/ü").success()
        #expect(try await stored("refs/tags/v1") == main)
        #expect(try await stored("refs/heads/other/ü") == main)
        try await project.push(":refs/tags/v1").success()
        #expect(try await stored("refs/tags/v1") == "")
        #expect(sandbox.platformProcess == nil)
    }

    @Test("Reading goes by git's own programs: clone, fetch of a shallow history, ls-remote, archive")
    func reads() async throws {
        try await project.commit("Two", ["file": "2"])
        try await project.push().success()
        let main = try await project.objectID("main")
        try await sandbox.git("clone --quiet --depth 1 \(project.remote) \(sandbox.root)/copy").success()
        let copy = Project(existing: "\(sandbox.root)/copy", in: sandbox)
        #expect(try await copy.objectID("HEAD") == main)
        #expect(try await copy.git("rev-list --count HEAD").success().stdout == "1\n")
        try await copy.git("fetch --quiet --unshallow").success()
        #expect(try await copy.git("rev-list --count HEAD").success().stdout == "2\n")
        #expect(try await sandbox.git("ls-remote --heads \(project.remote)").stdout == "\(main)\trefs/heads/main\n")
        let archive = try await sandbox.git("archive --remote=\(project.remote) --format=tar main file").success()
        #expect(archive.stdout.contains("file"))
    }

    @Test("What would lose commits is refused in git's words; a lease or force makes it, and hooks have their say")
    func refuses() async throws {
        let old = try await project.objectID("main")
        let new = try await project.commit("Two", ["file": "2"])
        try await project.push().success()
        #expect(try await project.push("\(old):main").failure().stderr.contains("(non-fast-forward)"))
        #expect(
            try await project.push("--force-with-lease=main:\(old) \(old):main").failure().stderr.contains(
                "(stale info)"))
        try await project.push("--force-with-lease=main:\(new) \(old):main").success()
        #expect(try await stored("refs/heads/main") == old)
        let hook = "\(sandbox.root)/store.git/hooks/update"
        try Data("#!/bin/sh\necho not today >&2; exit 1\n".utf8).write(to: URL(fileURLWithPath: hook))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
        let refused = try await project.push().failure().stderr
        #expect(
            refused.contains("remote: not today") && refused.contains("[remote rejected] main -> main (hook declined)"))
    }

    @Test("A dry run changes nothing, and without 'bim.deploy = never' such a remote wants to be told a registry")
    func asks() async throws {
        try await project.push("--dry-run main:new").success()
        #expect(try await stored("refs/heads/new") == "")
        try await project.git("config remote.bim.bimDeploy always").success()
        let refused = try await project.push("main:new").failure().stderr
        #expect(
            refused.contains("nothing says which registry takes the artifact")
                && refused.contains("hint: git config bim.registry"))
        try await project.git("config remote.bim.bimDeploy perhaps").success()
        #expect(try await project.push("main:new").failure(128).stderr.contains("neither 'always' nor 'never'"))
    }

    @Test("A rewriting of URLs that leads to bim does not lead to it twice")
    func rewriting() async throws {
        let remote = "url.bim::\(sandbox.root)/.insteadOf"
        try await project.git("-c \(remote)=\(sandbox.root)/ push \(sandbox.root)/store.git main:rewritten").success()
        #expect(try await stored("refs/heads/rewritten") == (try await project.objectID("main")))
    }
}
