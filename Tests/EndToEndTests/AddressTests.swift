import Foundation
import Testing

/// The ways in which git lets a user name a remote, each with a whole push.
struct AddressTests {
    private let sandbox: Sandbox
    private let project: Project

    init() async throws {
        sandbox = try Sandbox()
        project = try await Project(in: sandbox)
        try await project.git("config bim.deploy never").success()
        try await project.commit("One", ["file": "1"])
        try await project.push().success()
    }

    /// Settings, the words behind `git push`, and the branch that is there then.
    @Test(
        "A remote is reached however it is named",
        arguments: [
            ("git config url.bim::local/.insteadOf short:", "short:APP main:a"),
            ("git config url.bim::local/.insteadOf short:; git remote add s short:APP", "s main:a"),
            ("git config url.bim::local/.pushInsteadOf /src/; git remote add s /src/APP", "s main:a"),
            ("git remote add s /nowhere; git remote set-url --push s bim::local/APP", "s main:a"),
            ("git remote add s local/APP; git config remote.s.vcs bim", "s main:a"),
            ("git config branch.main.pushRemote bim; git config push.default upstream", "bim main:a"),
            (":", "bim::local/APP main:a"),
        ])
    func ways(_ settings: String, _ words: String) async throws {
        let script = "\(settings)\ngit push \(words)".replacing("APP", with: sandbox.app)
        try await sandbox.run(["sh", "-ec", script], in: project.folder).success()
        #expect(try await project.remoteObjectID("a") == (try await project.objectID("main")))
    }

    @Test("Several push URLs all get it, and one that refuses it holds up no other")
    func severalURLs() async throws {
        let script = """
            git init --quiet --bare -b main ../store.git; git init --quiet --bare -b main ../other.git
            git push --quiet ../other.git $(git commit-tree -m theirs main^{tree}):refs/heads/several
            git remote add s bim::local/none-at-all
            git remote set-url --add --push s bim::\(sandbox.root)/other.git
            git remote set-url --add --push s bim::\(sandbox.root)/store.git
            git remote set-url --add --push s bim::local/\(sandbox.app)
            git push s main:several
            """
        let push = try await sandbox.run(["sh", "-ec", script], in: project.folder).failure()
        #expect(push.stderr.contains("main -> several (non-fast-forward)"), "\(push)")
        let main = try await project.objectID("main")
        #expect(try await project.remoteObjectID("several") == main)
        let stored = try await sandbox.git("-C \(sandbox.root)/store.git rev-parse several").success().stdout
        #expect(stored == main + "\n")
    }

    @Test("protocol.bim.allow has its say, and a submodule needs it")
    func allowed() async throws {
        let never = try await project.git("-c protocol.bim.allow=never push bim main:b").failure(128)
        #expect(never.stderr.contains("transport 'bim' not allowed"))
        let submodule = ["submodule", "--quiet", "add", project.remote, "part"]
        let outer = try await Project(in: sandbox, folder: "outer", remote: "bim::local/\(sandbox.app)-outer")
        try await outer.commit("Outer", ["file": "outer"])
        let refused = try await sandbox.run(["git"] + submodule, in: outer.folder).failure(128)
        #expect(refused.stderr.contains("transport 'bim' not allowed"))
        try await sandbox.run(["git", "-c", "protocol.bim.allow=always"] + submodule, in: outer.folder).success()
    }

    @Test("--recurse-submodules pushes what the outer commit needs first, or refuses")
    func submodules() async throws {
        let outer = try await Project(in: sandbox, folder: "outer", remote: "bim::local/\(sandbox.app)-outer")
        try await outer.git("config bim.deploy never").success()
        let add = ["-c", "protocol.bim.allow=always", "submodule", "--quiet", "add", project.remote, "part"]
        try await sandbox.run(["git"] + add, in: outer.folder).success()
        let part = Project(existing: outer.folder + "/part", in: sandbox)
        try await part.git("config bim.deploy never").success()
        // git pushes it to the remote of the same name.
        try await part.git("remote rename origin bim").success()
        // git itself looks at no submodule of a first commit.
        try await outer.commit("Begin")
        try await outer.push().success()
        try await part.commit("Part", ["file": "part"])
        let live = try await outer.remoteObjectID()
        try await outer.commit("Outer", ["file": "outer"])
        let refused = try await outer.push("--recurse-submodules=check main").failure(128)
        #expect(refused.stderr.contains("The following submodule paths contain changes"), "\(refused)")
        #expect(try await outer.remoteObjectID() == live)
        try await outer.push("--recurse-submodules=on-demand main").success()
        #expect(try await project.remoteObjectID() == (try await part.objectID("HEAD")))
        #expect(try await outer.remoteObjectID() == (try await outer.objectID("HEAD")))
    }
}
