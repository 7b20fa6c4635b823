import Foundation
import GitCore
import Testing

@Suite struct SnapshotTests {
    let sandbox: Sandbox

    init() throws {
        sandbox = try Sandbox()
        try sandbox.makeRepository()
    }

    private func tree(_ files: [String: String], links: [String: String] = [:]) throws -> ObjectID {
        try sandbox.git("read-tree", "--empty")
        for (path, text) in files {
            let mode = path.hasSuffix(".sh") ? "100755" : "100644"
            try sandbox.git("update-index", "--add", "--cacheinfo", "\(mode),\(sandbox.blob(text).hex),\(path)")
        }
        for (path, target) in links {
            try sandbox.git("update-index", "--add", "--cacheinfo", "120000,\(sandbox.blob(target).hex),\(path)")
        }
        return try #require(ObjectID(hex: sandbox.git("write-tree")))
    }

    private func files(in folder: String = "out") throws -> Set<String> {
        Set(try FileManager.default.subpathsOfDirectory(atPath: sandbox.path(folder)))
    }

    @Test("A snapshot has the tree's files with their bytes, modes and links, in a private folder")
    func everything() throws {
        let tree = try tree(
            [
                "crlf": "a\r\nb\n", "run.sh": "#!/bin/sh\n", "deep/er/file": "",
                ".gitattributes": "* text eol=crlf ident\n",
            ],
            links: ["link": "deep/er", "away": "/etc/passwd", "dangling": "../../nothing"])
        let umask = Foundation.umask(0o077)
        defer { _ = Foundation.umask(umask) }
        try sandbox.open().writeSnapshot(ofTree: tree, to: sandbox.path("out"))
        #expect(sandbox.text("out/crlf") == "a\r\nb\n")
        #expect(sandbox.text("out/deep/er/file") == "")
        #expect(sandbox.mode("out") == "40700")
        #expect(sandbox.mode("out/deep/er") == "40755")
        #expect(sandbox.mode("out/crlf") == "100644")
        #expect(sandbox.mode("out/run.sh") == "100755")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: sandbox.path("out/link")) == "deep/er")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: sandbox.path("out/away")) == "/etc/passwd")
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: sandbox.path("out/dangling")) == "../../nothing")
    }

    @Test("A submodule is an empty folder")
    func submodule() throws {
        let absent = String(repeating: "1", count: 40)
        try sandbox.git("update-index", "--add", "--cacheinfo", "160000,\(absent),module")
        let tree = try #require(ObjectID(hex: sandbox.git("write-tree")))
        try sandbox.open().writeSnapshot(ofTree: tree, to: sandbox.path("out"))
        #expect(sandbox.mode("out/module") == "40755")
        #expect(try files() == ["module"])
    }

    @Test("Names are written byte for byte")
    func rawNames() throws {
        let name: [UInt8] = [0x66, 0xFF, 0x0A, 0x5C]
        let tree = try sandbox.literalTree([("100644", name, sandbox.blob("odd"))])
        try sandbox.open().writeSnapshot(ofTree: tree, to: sandbox.path("out"))
        let path = Array(sandbox.path("out/").utf8) + name + [0]
        var status = stat()
        #expect(path.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { lstat($0.baseAddress!, &status) } == 0)
    }

    @Test("A difference removes what is gone, rewrites what changed and leaves the rest alone")
    func difference() throws {
        let old = try tree([
            "same": "1", "changed": "1", "gone": "1", "old/a": "1", "old/b": "1", "mix/a": "1", "now.sh": "1",
        ])
        let new = try tree(["same": "1", "changed": "2", "mix/b": "1", "new/c": "1", "now.sh": "2"])
        let repository = try sandbox.open()
        let out = sandbox.path("out")
        try repository.writeSnapshot(ofTree: old, to: out)
        try sandbox.write("cache", to: "out/build/cache")
        try sandbox.write("cache", to: "out/old/cache")
        try sandbox.write("kept", to: "out/same")
        try repository.writeSnapshot(ofTree: new, to: out, previous: old)
        #expect(
            try files() == [
                "same", "changed", "mix", "mix/b", "new", "new/c", "now.sh", "build", "build/cache", "old", "old/cache",
            ])
        #expect(sandbox.text("out/changed") == "2")
        #expect(sandbox.text("out/same") == "kept")
        #expect(sandbox.mode("out/now.sh") == "100755")
    }

    @Test("Files, links and folders take each other's place", arguments: 0..<4, 0..<4)
    func changedKinds(before: Int, after: Int) throws {
        let absent = try #require(ObjectID(hex: String(repeating: "1", count: 40)))
        let blob = try sandbox.blob("text")
        let inner = try sandbox.literalTree([("100644", Array("inner".utf8), blob)])
        let kinds = [("100644", blob), ("120000", blob), ("40000", inner), ("160000", absent)]
        let trees = try kinds.map { try sandbox.literalTree([($0.0, Array("name".utf8), $0.1)]) }
        let repository = try sandbox.open()
        try repository.writeSnapshot(ofTree: trees[before], to: sandbox.path("out"))
        try repository.writeSnapshot(ofTree: trees[after], to: sandbox.path("out"), previous: trees[before])
        #expect(try files() == (after == 2 ? ["name", "name/inner"] : ["name"]))
        #expect(sandbox.mode("out/name") == ["100644", "120777", "40755", "40755"][after])
    }

    @Test("A changed file gives up its old mode, and an untracked thing in the way gives way")
    func inTheWay() throws {
        let old = try tree(["tool": "1"])
        let new = try tree(["tool": "1", "built": "tracked", "folder/file": "tracked"])
        let repository = try sandbox.open()
        try repository.writeSnapshot(ofTree: old, to: sandbox.path("out"))
        try sandbox.write("untracked", to: "out/built/deep/er")
        try sandbox.write("outside", to: "outside/file")
        try FileManager.default.createSymbolicLink(
            atPath: sandbox.path("out/folder"), withDestinationPath: sandbox.path("outside"))
        try FileManager.default.createSymbolicLink(
            atPath: sandbox.path("out/built/link"), withDestinationPath: sandbox.path("outside"))
        try repository.writeSnapshot(ofTree: new, to: sandbox.path("out"), previous: old)
        #expect(sandbox.text("out/built") == "tracked")
        #expect(sandbox.text("out/folder/file") == "tracked")
        #expect(sandbox.mode("out/folder") == "40755")
        #expect(sandbox.text("outside/file") == "outside")
    }

    @Test("A folder that became a link is not followed when its files change or go")
    func linkedFolder() throws {
        let old = try tree(["dir/file": "1", "gone/file": "1"])
        let new = try tree(["dir/file": "2"])
        let repository = try sandbox.open()
        try repository.writeSnapshot(ofTree: old, to: sandbox.path("out"))
        try sandbox.write("outside", to: "outside/file")
        for name in ["dir", "gone"] {
            try FileManager.default.removeItem(atPath: sandbox.path("out/\(name)"))
            try FileManager.default.createSymbolicLink(
                atPath: sandbox.path("out/\(name)"), withDestinationPath: sandbox.path("outside"))
        }
        try repository.writeSnapshot(ofTree: new, to: sandbox.path("out"), previous: old)
        #expect(sandbox.text("outside/file") == "outside")
        #expect(sandbox.text("out/dir/file") == "2")
        #expect(sandbox.mode("out/dir") == "40755")
    }

    @Test("Writing the same difference again, after it was stopped, completes it")
    func repeated() throws {
        let old = try tree(["a": "1", "b/c": "1", "gone": "1"])
        let new = try tree(["a": "2", "b/c": "2", "d/e": "2"])
        let repository = try sandbox.open()
        try repository.writeSnapshot(ofTree: old, to: sandbox.path("out"))
        for _ in 0..<2 { try repository.writeSnapshot(ofTree: new, to: sandbox.path("out"), previous: old) }
        #expect(try files() == ["a", "b", "b/c", "d", "d/e"])
        #expect(sandbox.text("out/b/c") == "2")
    }

    @Test("A blob that is missing, and an id that is no tree, are told")
    func missing() throws {
        let absent = try #require(ObjectID(hex: String(repeating: "1", count: 40)))
        let tree = try sandbox.literalTree([("100644", Array("file".utf8), absent)])
        let blob = try sandbox.blob("text")
        let repository = try sandbox.open()
        #expect(
            sandbox.errorKind { try repository.writeSnapshot(ofTree: tree, to: sandbox.path("a")) } == .missingObject)
        #expect(sandbox.errorKind { try repository.writeSnapshot(ofTree: blob, to: sandbox.path("b")) } == .wrongType)
        #expect(!sandbox.exists("b"))
    }
}
