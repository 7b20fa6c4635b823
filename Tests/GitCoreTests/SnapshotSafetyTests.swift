import Foundation
import Testing

@testable import GitCore

/// Trees that git would not make, and folders that somebody prepared.
@Suite struct SnapshotSafetyTests {
    let sandbox: Sandbox

    init() throws {
        sandbox = try Sandbox()
        try sandbox.makeRepository()
    }

    private func refusal(of tree: ObjectID) throws -> GitError? {
        let repository = try sandbox.open()
        return #expect(throws: GitError.self) { try repository.writeSnapshot(ofTree: tree, to: sandbox.path("out")) }
    }

    @Test(
        "Names that leave the folder or are .git somewhere are refused at any depth",
        arguments: [
            ".", "..", "a/b", "../escaped", "/escaped", ".git", ".GIT", ".Git", ".git ", ".git.", ".git . .", "git~1",
            "GIT~1",
            "git~1.", ".git::$INDEX_ALLOCATION", ".git:x", ".g\u{200C}it", "\u{FEFF}.git", ".gi\u{206A}T",
            "..\\escaped",
            "a\\.git\\hooks", ".git\\config",
        ], [false, true])
    func names(name: String, isNested: Bool) throws {
        let blob = try sandbox.blob("hostile")
        var tree = try sandbox.literalTree([("100644", Array(name.utf8), blob)])
        if isNested { tree = try sandbox.literalTree([("40000", Array("sub".utf8), tree)]) }
        let error = try refusal(of: tree)
        #expect(error?.kind == .unsafePath)
        #expect(error?.detail.contains(name) == true)
        #expect(!sandbox.exists("escaped"))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: sandbox.path("out")) == (isNested ? ["sub"] : []))
    }

    @Test(
        "Names that only look alike are written",
        arguments: [
            ".gitignore", ".github", ".git2", "git", "git~2", "...", "..a", "a..", ".gitmodules", "a\\b", "con",
            "x.git", "git~1x",
        ])
    func harmlessNames(name: String) throws {
        let tree = try sandbox.literalTree([("100644", Array(name.utf8), sandbox.blob("fine"))])
        try sandbox.open().writeSnapshot(ofTree: tree, to: sandbox.path("out"))
        #expect(sandbox.text("out/\(name)") == "fine")
    }

    @Test("A folder of the same name as a link is not written through it", arguments: [true, false])
    func linkAndFolder(linkComesFirst: Bool) throws {
        try sandbox.write("", to: "outside/empty")
        let link = ("120000", Array("x".utf8), try sandbox.blob(sandbox.path("outside")))
        let inner = try sandbox.literalTree([("100644", Array("planted".utf8), sandbox.blob("hostile"))])
        let folder = ("40000", Array("x".utf8), inner)
        let error = try refusal(of: sandbox.literalTree(linkComesFirst ? [link, folder] : [folder, link]))
        #expect(error?.kind == .unsafePath)
        #expect(!sandbox.exists("outside/planted"))
    }

    @Test("A link without a target, or with a zero in it, is refused", arguments: ["", "a\0b"])
    func linkTarget(target: String) throws {
        let tree = try sandbox.literalTree([("120000", Array("link".utf8), sandbox.blob(target))])
        #expect(try refusal(of: tree)?.kind == .unsafePath)
    }

    @Test("A tree nested without end is refused, not followed")
    func depth() throws {
        var tree = try sandbox.literalTree([("100644", Array("file".utf8), sandbox.blob("deep"))])
        let name = Array(String(repeating: "d", count: 200).utf8)
        for _ in 0..<21 { tree = try sandbox.literalTree([("40000", name, tree)]) }
        #expect(try refusal(of: tree)?.kind == .unsafePath)
    }

    @Test("A root that is a link, and files that are already there, are not written to")
    func preparedFolder() throws {
        let tree = try sandbox.literalTree([("100644", Array("file".utf8), sandbox.blob("new"))])
        try sandbox.write("old", to: "prepared/file")
        try FileManager.default.createSymbolicLink(
            atPath: sandbox.path("out"), withDestinationPath: sandbox.path("prepared"))
        #expect(try refusal(of: tree)?.kind == .unsafePath)
        let repository = try sandbox.open()
        let error = sandbox.errorKind { try repository.writeSnapshot(ofTree: tree, to: sandbox.path("prepared")) }
        #expect(error == .unsafePath)
        #expect(sandbox.text("prepared/file") == "old")
    }

    @Test("A file that is a link to the outside is not written through, fresh or by difference")
    func preparedLink() throws {
        let old = try sandbox.literalTree([("100644", Array("file".utf8), sandbox.blob("old"))])
        let new = try sandbox.literalTree([("100644", Array("file".utf8), sandbox.blob("new"))])
        try sandbox.write("outside", to: "outside")
        try sandbox.write("", to: "out/other")
        try FileManager.default.createSymbolicLink(
            atPath: sandbox.path("out/file"), withDestinationPath: sandbox.path("outside"))
        #expect(try refusal(of: new)?.kind == .unsafePath)
        try sandbox.open().writeSnapshot(ofTree: new, to: sandbox.path("out"), previous: old)
        #expect(sandbox.text("outside") == "outside")
        #expect(sandbox.mode("out/file") == "100644")
    }

    @Test("A previous tree with hostile names removes nothing outside")
    func hostilePrevious() throws {
        try sandbox.write("precious", to: "precious")
        let blob = try sandbox.blob("x")
        let outside = try sandbox.literalTree([("100644", Array("precious".utf8), blob)])
        let hostile = try sandbox.literalTree([("40000", Array("..".utf8), outside)])
        let nested = try sandbox.literalTree([("40000", Array("sub".utf8), hostile)])
        let new = try sandbox.literalTree([("100644", Array("file".utf8), blob)])
        try sandbox.write("", to: "out/sub/x")
        let repository = try sandbox.open()
        for previous in [hostile, nested] {
            let error = sandbox.errorKind {
                try repository.writeSnapshot(ofTree: new, to: sandbox.path("out"), previous: previous)
            }
            #expect(error == .unsafePath)
        }
        #expect(sandbox.text("precious") == "precious")
    }

    @Test(
        "A full disk is told apart from a hostile tree",
        arguments: [
            (ENOSPC, GitError.Kind.noSpace), (EDQUOT, .noSpace), (EEXIST, .unsafePath), (ELOOP, .unsafePath),
            (EIO, .other),
        ])
    func errorKinds(code: Int32, kind: GitError.Kind) {
        #expect(SnapshotFolder.kind(ofErrno: code) == kind)
    }
}
