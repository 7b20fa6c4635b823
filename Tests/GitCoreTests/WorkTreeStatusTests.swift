import Foundation
import GitCore
import Testing

@Suite struct WorkTreeStatusTests {
    let sandbox: Sandbox

    init() throws {
        sandbox = try Sandbox()
        try sandbox.makeRepository()
        try sandbox.commit("ignored/\n", to: ".gitignore")
        try sandbox.commit("one", to: "one")
        try sandbox.commit("two", to: "two")
    }

    @Test("A clean working tree has no changes")
    func clean() throws {
        #expect(try sandbox.open().changedFileCount() == 0)
    }

    @Test("Staged, unstaged, deleted and untracked files count once each, ignored ones do not")
    func changes() throws {
        try sandbox.write("changed", to: "repo/one")
        try sandbox.git("add", "one")
        try sandbox.write("changed again", to: "repo/one")
        try FileManager.default.removeItem(atPath: sandbox.path("repo/two"))
        try sandbox.write("new", to: "repo/new/a")
        try sandbox.write("new", to: "repo/new/b")
        try sandbox.write("new", to: "repo/ignored/c")
        #expect(try sandbox.open().changedFileCount() == 4)
        #expect(try sandbox.open("repo/new").changedFileCount() == 4)
    }

    @Test("Before the first commit every file counts")
    func unborn() throws {
        try sandbox.makeRepository("fresh")
        try sandbox.write("x", to: "fresh/a")
        try sandbox.write("x", to: "fresh/b")
        try sandbox.git("add", "a", in: "fresh")
        #expect(try sandbox.open("fresh").changedFileCount() == 2)
    }

    @Test("The user's own ignore file is honoured")
    func userIgnores() throws {
        try sandbox.write("*.log\n", to: "ignores")
        try sandbox.write("x", to: "repo/build.log")
        let file = sandbox.path("home/gitconfig")
        try sandbox.git("config", "--file", file, "core.excludesFile", sandbox.path("ignores"))
        #expect(try sandbox.open().changedFileCount() == 1)
        #expect(try sandbox.open(with: ["GIT_CONFIG_GLOBAL": file]).changedFileCount() == 0)
    }

    @Test("Submodules are not looked into")
    func submodule() throws {
        try sandbox.makeRepository("other")
        try sandbox.commit(in: "other")
        try sandbox.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", sandbox.path("other"), "module")
        try sandbox.git("commit", "-q", "-m", "Add a submodule")
        try sandbox.write("changed", to: "repo/module/file")
        #expect(try sandbox.open().changedFileCount() == 0)
    }

    @Test("The index is not written, and the one of the environment is used")
    func index() throws {
        try FileManager.default.copyItem(atPath: sandbox.path("repo/.git/index"), toPath: sandbox.path("index"))
        try sandbox.write("staged", to: "repo/staged")
        try sandbox.git("add", "-A")
        try FileManager.default.removeItem(atPath: sandbox.path("repo/staged"))
        let before = FileManager.default.contents(atPath: sandbox.path("repo/.git/index"))
        #expect(try sandbox.open().changedFileCount() == 1)
        #expect(try sandbox.open(with: ["GIT_INDEX_FILE": "../index"]).changedFileCount() == 0)
        #expect(FileManager.default.contents(atPath: sandbox.path("repo/.git/index")) == before)
    }

    @Test("A bare repository has nothing to change")
    func bare() throws {
        try sandbox.git("clone", "-q", "--bare", "repo", "bare.git", in: ".")
        #expect(try sandbox.open("bare.git").changedFileCount() == 0)
    }
}
