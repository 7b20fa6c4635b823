import Foundation
import GitCore
import Testing

/// The traps of libgit2 1.5.1, each with the answer that its user gets.
@Suite struct FormatTests {
    let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    @Test(
        "Extensions that change nothing for a reader are accepted",
        arguments: [
            ("extensions.worktreeConfig", "true"), ("extensions.preciousObjects", "true"),
            ("extensions.partialClone", "origin"),
        ])
    func harmlessExtension(key: String, value: String) throws {
        try sandbox.makeRepository()
        let tip = try sandbox.commit()
        try sandbox.git("config", "core.repositoryFormatVersion", "1")
        try sandbox.git("config", key, value)
        #expect(try sandbox.open().resolve("HEAD") == tip)
    }

    @Test("A SHA-256 repository is refused by name")
    func sha256() throws {
        try sandbox.makeRepository(options: "--object-format=sha256")
        let error = #expect(throws: GitError.self) { _ = try sandbox.open() }
        #expect(error?.kind == .unsupportedObjectFormat)
        #expect(error?.detail == "'\(sandbox.path("repo/.git"))': its object format is 'sha256', not 'sha1'")
        #expect(sandbox.errorKind { _ = try sandbox.open(with: ["GIT_DIR": ".git"]) } == .unsupportedObjectFormat)
        #expect(sandbox.errorKind { _ = try Repository(at: sandbox.path("repo")) } == .unsupportedObjectFormat)
    }

    @Test("A linked worktree of a SHA-256 repository is refused by name")
    func sha256Worktree() throws {
        try sandbox.makeRepository(options: "--object-format=sha256")
        try sandbox.write("text", to: "repo/file")
        try sandbox.git("add", "-A")
        try sandbox.git("commit", "-q", "-m", "First")
        try sandbox.git("worktree", "add", "-q", "../linked")
        #expect(sandbox.errorKind { _ = try sandbox.open("linked") } == .unsupportedObjectFormat)
    }

    @Test(
        "An unknown extension and a future format are refused by name",
        arguments: [
            ("1", "extensions.refStorage", "reftable", "it uses the extension 'refstorage'"),
            ("2", "core.bare", "false", "its format version is 2, not 0 or 1"),
        ])
    func unknownExtension(version: String, key: String, value: String, reason: String) throws {
        try sandbox.makeRepository()
        try sandbox.git("config", key, value)
        try sandbox.git("config", "core.repositoryFormatVersion", version)
        let error = #expect(throws: GitError.self) { _ = try sandbox.open() }
        #expect(error?.kind == .unsupportedExtension)
        #expect(error?.detail.hasSuffix(reason) == true)
    }

    @Test("A sparse checkout, whose settings lie in config.worktree, opens and has no changes")
    func sparseCheckout() throws {
        try sandbox.makeRepository()
        try sandbox.commit(to: "kept/file")
        try sandbox.commit(to: "left/out")
        try sandbox.git("sparse-checkout", "set", "kept")
        try sandbox.git("config", "core.repositoryFormatVersion", "1")
        try #require(!sandbox.exists("repo/left/out"))
        let repository = try sandbox.open()
        #expect(try repository.configuration().bool("core.sparseCheckout") == true)
        #expect(try repository.changedFileCount() == 0)
    }

    @Test("A bare repository that says so in config.worktree is bare, and its worktrees are not")
    func bareInWorktreeConfiguration() throws {
        try sandbox.makeRepository()
        try sandbox.commit()
        try sandbox.git("clone", "-q", "--bare", "repo", "hub", in: ".")
        try sandbox.git("worktree", "add", "-q", "../linked", "main", in: "hub")
        try sandbox.git("config", "extensions.worktreeConfig", "true", in: "hub")
        try sandbox.git("config", "--unset", "core.bare", in: "hub")
        try sandbox.git("config", "--file", "config.worktree", "core.bare", "true", in: "hub")
        #expect(try sandbox.open("hub").isBare == true)
        #expect(try sandbox.open("linked").workTree == sandbox.path("linked"))
    }

    @Test("A shallow clone is read up to its boundary")
    func shallowClone() throws {
        try sandbox.makeRepository()
        let first = try sandbox.commit("one")
        let second = try sandbox.commit("two")
        let third = try sandbox.commit("three")
        try sandbox.git("clone", "-q", "--depth", "2", "file://\(sandbox.path("repo"))", "shallow", in: ".")
        let repository = try sandbox.open("shallow")
        #expect(repository.isShallow == true)
        #expect(try repository.commit(third).parents == [second])
        #expect(try repository.commit(second).parents == [])
        #expect(try repository.entries(ofTree: repository.resolve("HEAD^{tree}")).count == 1)
        #expect(try repository.isAncestor(second, of: third) == true)
        #expect(try repository.isAncestor(third, of: second) == false)
        #expect(sandbox.errorKind { _ = try repository.isAncestor(first, of: third) } == .missingObject)
    }

    @Test("A worktree of a shallow clone knows the boundary")
    func shallowWorktree() throws {
        try sandbox.makeRepository()
        try sandbox.commit("one")
        let second = try sandbox.commit("two")
        try sandbox.git("clone", "-q", "--depth", "1", "file://\(sandbox.path("repo"))", "shallow", in: ".")
        try sandbox.git("worktree", "add", "-q", "../linked", in: "shallow")
        let repository = try sandbox.open("linked")
        #expect(repository.isShallow == true)
        #expect(try repository.isAncestor(repository.resolve("HEAD"), of: second) == true)
        #expect(try repository.commit(second).parents == [])
    }

    @Test("A partial clone reads trees, and a blob that was left out is missing")
    func partialClone() throws {
        try sandbox.makeRepository()
        try sandbox.git("config", "uploadpack.allowFilter", "true")
        let tip = try sandbox.commit("text")
        let source = "file://\(sandbox.path("repo"))"
        try sandbox.git("clone", "-q", "--no-checkout", "--filter=blob:none", source, "partial", in: ".")
        let repository = try sandbox.open("partial")
        let tree = try repository.commit(tip).tree
        let entry = try #require(try repository.entries(ofTree: tree).first)
        #expect(repository.contains(entry.id) == false)
        #expect(sandbox.errorKind { _ = try repository.blob(at: "file", inTree: tree) } == .missingObject)
        #expect(sandbox.errorKind { _ = try repository.blobSize(entry.id) } == .missingObject)
    }
}
