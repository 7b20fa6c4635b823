import Foundation
import GitCore
import Testing

/// Only root can make a repository that belongs to somebody else.
@Suite(.enabled(if: geteuid() == 0, "a foreign owner can only be made by root"))
struct OwnershipTests {
    let sandbox: Sandbox

    init() throws {
        sandbox = try Sandbox()
        try sandbox.makeRepository()
        try sandbox.commit()
        let places = try FileManager.default.subpathsOfDirectory(atPath: sandbox.path("repo"))
        for place in ["."] + places {
            try #require(chown(sandbox.path("repo/\(place)"), 65534, 65534) == 0)
        }
    }

    @Test("A repository of somebody else is refused with its path")
    func foreignOwner() throws {
        let error = #expect(throws: GitError.self) { _ = try sandbox.open() }
        #expect(error?.kind == .foreignOwner)
        #expect(error?.detail.hasPrefix("'\(sandbox.path("repo"))'") == true)
        #expect(error?.detail.hasSuffix("belongs to another user") == true)
    }

    @Test("So is one of which only the repository folder is foreign")
    func foreignGitDirectory() throws {
        try #require(chown(sandbox.path("repo"), 0, 0) == 0)
        #expect(sandbox.errorKind { _ = try sandbox.open() } == .foreignOwner)
    }

    @Test("The user's safe.directory allows it", arguments: ["*", "REPO", "REPO/", "ROOT/*"])
    func safeDirectory(value: String) throws {
        let path = value.replacing("REPO", with: sandbox.path("repo")).replacing("ROOT", with: sandbox.root)
        let file = sandbox.path("home/gitconfig")
        try sandbox.git("config", "--file", file, "safe.directory", path)
        #expect(try sandbox.open(with: ["GIT_CONFIG_GLOBAL": file]).workTree == sandbox.path("repo"))
    }

    @Test(
        "Neither another folder's, nor one taken back, nor the repository's own does",
        arguments: [
            ["/somewhere/else"], ["*", ""],
        ])
    func otherSafeDirectory(values: [String]) throws {
        let file = sandbox.path("home/gitconfig")
        for value in values { try sandbox.git("config", "--file", file, "--add", "safe.directory", value) }
        try sandbox.git("config", "--file", sandbox.path("repo/.git/config"), "safe.directory", "*")
        #expect(sandbox.errorKind { _ = try sandbox.open(with: ["GIT_CONFIG_GLOBAL": file]) } == .foreignOwner)
    }

    @Test("A GIT_DIR and `git -c safe.directory` are the caller's word, as they are for git")
    func callersWord() throws {
        #expect(try sandbox.open(with: ["GIT_DIR": ".git"]).workTree == sandbox.path("repo"))
        let extra = ["GIT_CONFIG_PARAMETERS": "'safe.directory'='\(sandbox.path("repo"))'"]
        #expect(try sandbox.open(with: extra).workTree == sandbox.path("repo"))
    }

    @Test("Root by sudo may use what its caller owns")
    func sudo() throws {
        #expect(try sandbox.open(with: ["SUDO_UID": "65534"]).workTree == sandbox.path("repo"))
        #expect(sandbox.errorKind { _ = try sandbox.open(with: ["SUDO_UID": "65533"]) } == .foreignOwner)
    }
}
