import Foundation
import GitCore
import Testing

@Suite struct OpeningTests {
    let sandbox: Sandbox
    let tip: ObjectID

    init() throws {
        sandbox = try Sandbox()
        try sandbox.makeRepository()
        tip = try sandbox.commit(to: "sub/file")
    }

    @Test("A subfolder finds the repository above it")
    func subfolder() throws {
        let repository = try sandbox.open("repo/sub")
        #expect(repository.gitDirectory == sandbox.path("repo/.git"))
        #expect(repository.commonDirectory == sandbox.path("repo/.git"))
        #expect(repository.workTree == sandbox.path("repo"))
        #expect(repository.isBare == false)
        #expect(repository.isShallow == false)
    }

    @Test("A bare repository has no working tree")
    func bare() throws {
        try sandbox.git("clone", "-q", "--bare", "repo", "bare.git", in: ".")
        let repository = try sandbox.open("bare.git")
        #expect(repository.isBare == true)
        #expect(repository.workTree == nil)
        #expect(repository.gitDirectory == sandbox.path("bare.git"))
        #expect(try repository.resolve("main") == tip)
    }

    @Test("A linked worktree has a folder of its own and shares the rest")
    func linkedWorktree() throws {
        try sandbox.git("worktree", "add", "-q", "-b", "side", "../linked")
        let repository = try sandbox.open("linked")
        #expect(repository.gitDirectory == sandbox.path("repo/.git/worktrees/linked"))
        #expect(repository.commonDirectory == sandbox.path("repo/.git"))
        #expect(repository.workTree == sandbox.path("linked"))
        #expect(try repository.branchNameOfHead() == "refs/heads/side")
    }

    @Test("A clone that borrows its objects reads them")
    func alternates() throws {
        try sandbox.git("clone", "-q", "-s", "repo", "borrower", in: ".")
        #expect(try sandbox.open("borrower").commit(tip).id == tip)
    }

    @Test("Object folders named by the environment are read")
    func objectFolders() throws {
        try sandbox.makeRepository("empty")
        #expect(try sandbox.open("empty").contains(tip) == false)
        let objects = sandbox.path("repo/.git/objects")
        #expect(
            try sandbox.open("empty", with: ["GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nowhere:\(objects)"]).contains(tip)
                == true)
        #expect(try sandbox.open("empty", with: ["GIT_OBJECT_DIRECTORY": objects]).contains(tip) == true)
    }

    @Test("GIT_DIR is seen from the given folder, not from that of the process")
    func relativeGitDirectory() throws {
        let repository = try sandbox.open("repo", with: ["GIT_DIR": ".git"])
        #expect(repository.gitDirectory == sandbox.path("repo/.git"))
        #expect(repository.workTree == sandbox.path("repo"))
        #expect(sandbox.errorKind { _ = try sandbox.open("repo/sub", with: ["GIT_DIR": ".git"]) } == .notARepository)
    }

    @Test("GIT_WORK_TREE decides over everything else")
    func workTree() throws {
        try sandbox.write("", to: "elsewhere/file")
        let extra = ["GIT_DIR": "../repo/.git", "GIT_WORK_TREE": "../elsewhere"]
        #expect(try sandbox.open("home", with: extra).workTree == sandbox.path("elsewhere"))
    }

    @Test("A GIT_DIR of another name has the given folder as its working tree")
    func separateGitDirectory() throws {
        try FileManager.default.moveItem(atPath: sandbox.path("repo/.git"), toPath: sandbox.path("store"))
        #expect(try sandbox.open("repo", with: ["GIT_DIR": "../store"]).workTree == sandbox.path("repo"))
    }

    @Test("The search ends below a ceiling")
    func ceiling() throws {
        let extra = ["GIT_CEILING_DIRECTORIES": "/nowhere:\(sandbox.path("repo"))"]
        #expect(sandbox.errorKind { _ = try sandbox.open("repo/sub", with: extra) } == .notARepository)
        #expect(try sandbox.open("repo", with: extra).workTree == sandbox.path("repo"))
    }

    @Test("No repository is an error that names the folder")
    func nowhere() throws {
        let folder = sandbox.path("home")
        let error = #expect(throws: GitError.self) {
            _ = try sandbox.open("home", with: ["GIT_CEILING_DIRECTORIES": sandbox.root])
        }
        #expect(error?.kind == .notARepository)
        #expect(error?.detail.contains(folder) == true)
        #expect(error?.description.hasPrefix("could not open the repository: '\(folder)'") == true)
        #expect(sandbox.errorKind { _ = try Repository(at: sandbox.path("repo/sub")) } == .notARepository)
    }

    @Test("Opening at a path takes that very path")
    func exactPath() throws {
        #expect(try Repository(at: sandbox.path("repo")).workTree == sandbox.path("repo"))
        #expect(try Repository(at: sandbox.path("repo/.git")).gitDirectory == sandbox.path("repo/.git"))
    }

    @Test(
        "What git hands to a remote helper opens the repository that git used",
        arguments: [
            ("repo", "repo/.git", "repo"), ("repo/sub", "repo/.git", "repo"),
            ("linked", "repo/.git/worktrees/linked", "linked"), ("bare.git", "bare.git", nil),
        ])
    func remoteHelper(folder: String, gitDirectory: String, workTree: String?) throws {
        try sandbox.git("worktree", "add", "-q", "-b", "side", "../linked")
        try sandbox.git("clone", "-q", "--bare", "repo", "bare.git", in: ".")
        try sandbox.write("#!/bin/sh\npwd >\"$SPY.pwd\"\nenv -0 >\"$SPY\"\nexit 1\n", to: "bin/git-remote-spy")
        chmod(sandbox.path("bin/git-remote-spy"), 0o755)
        let extra = ["SPY": sandbox.path("seen")]
        try sandbox.git("-c", "bim.word=it's", "ls-remote", "spy::x", in: folder, with: extra, mayFail: true)

        let pairs = try #require(sandbox.text("seen")).split(separator: "\0").compactMap { line in
            line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
        }
        let current = try #require(sandbox.text("seen.pwd")).dropLast()
        let environment = Dictionary(pairs) { $1 }
        #expect(environment["GIT_DIR"] != nil)
        let repository = try Repository(fromEnvironment: environment, startingAt: String(current))
        #expect(repository.gitDirectory == sandbox.path(gitDirectory))
        #expect(repository.workTree == workTree.map { sandbox.path($0) })
        #expect(try repository.resolve("main") == tip)
        #expect(try repository.configuration().string("bim.word") == "it's")
    }
}
