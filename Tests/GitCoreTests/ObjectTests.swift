import GitCore
import Testing

@Suite struct ObjectTests {
    let sandbox: Sandbox
    let absent = ObjectID(hex: "1234567890123456789012345678901234567890") ?? .zero

    init() throws {
        sandbox = try Sandbox()
        try sandbox.makeRepository()
    }

    @Test("A commit is copied out in full")
    func commit() throws {
        let first = try sandbox.commit("one")
        let second = try sandbox.commit("two", message: "Fix the\nlogin\n\nBecause.", at: 1_700_000_123)
        let commit = try sandbox.open().commit(second)
        #expect(commit.id == second)
        #expect(try commit.tree == sandbox.id("HEAD^{tree}"))
        #expect(commit.parents == [first])
        #expect(commit.summary == "Fix the login")
        #expect(commit.authorName == "Ada")
        #expect(commit.authorEmail == "ada@example.org")
        #expect(commit.committerTime == 1_700_000_123)
    }

    @Test("A merge has its parents in order, and the first commit none")
    func merge() throws {
        let base = try sandbox.commit("one")
        try sandbox.git("checkout", "-q", "-b", "side")
        let side = try sandbox.commit("side", to: "side")
        try sandbox.git("checkout", "-q", "main")
        let main = try sandbox.commit("two")
        try sandbox.git("merge", "-q", "--no-edit", "side")
        let repository = try sandbox.open()
        #expect(try repository.commit(repository.resolve("HEAD")).parents == [main, side])
        #expect(try repository.commit(base).parents == [])
    }

    @Test("A tag of a tag stands for its commit")
    func tagOfTag() throws {
        let tip = try sandbox.commit()
        try sandbox.git("tag", "-a", "inner", "-m", "Inner")
        try sandbox.git("tag", "-a", "outer", "-m", "Outer", "inner")
        let repository = try sandbox.open()
        let tag = try sandbox.id("outer")
        #expect(try repository.kind(of: tag) == .tag)
        #expect(try repository.commit(tag).id == tip)
    }

    @Test("Every kind of object is told apart, and what is not there is missing")
    func kinds() throws {
        let tip = try sandbox.commit()
        let repository = try sandbox.open()
        let tree = try sandbox.id("HEAD^{tree}")
        let blob = try sandbox.id("HEAD:file")
        #expect(try repository.kind(of: tip) == .commit)
        #expect(try repository.kind(of: tree) == .tree)
        #expect(try repository.kind(of: blob) == .blob)
        #expect(repository.contains(blob) == true)
        #expect(repository.contains(absent) == false)
        for id in [absent, .zero] {
            #expect(sandbox.errorKind { _ = try repository.kind(of: id) } == .missingObject)
            #expect(sandbox.errorKind { _ = try repository.commit(id) } == .missingObject)
            #expect(sandbox.errorKind { _ = try repository.entries(ofTree: id) } == .missingObject)
            #expect(sandbox.errorKind { try repository.withBlob(id) { _ in } } == .missingObject)
        }
    }

    @Test("An object of another type than asked for is refused")
    func wrongType() throws {
        let tip = try sandbox.commit()
        let repository = try sandbox.open()
        let blob = try sandbox.id("HEAD:file")
        try sandbox.git("tag", "-a", "tree", "-m", "A tree", "HEAD^{tree}")
        let tagOfTree = try sandbox.id("tree")
        #expect(sandbox.errorKind { _ = try repository.commit(blob) } == .wrongType)
        #expect(sandbox.errorKind { _ = try repository.commit(tagOfTree) } == .wrongType)
        #expect(sandbox.errorKind { _ = try repository.entries(ofTree: tip) } == .wrongType)
        #expect(sandbox.errorKind { _ = try repository.blobSize(tip) } == .wrongType)
        #expect(sandbox.errorKind { try repository.withBlob(tip) { _ in } } == .wrongType)
    }

    @Test("A blob is lent byte for byte, loose, packed, large or empty", arguments: [0, 5, 300_000], [false, true])
    func blob(size: Int, packed: Bool) throws {
        let text = String(repeating: "a\r\n\0é", count: size)
        try sandbox.commit(text)
        if packed { try sandbox.git("gc", "-q") }
        let id = try sandbox.id("HEAD:file")
        let repository = try sandbox.open()
        #expect(try repository.blobSize(id) == Int64(text.utf8.count))
        #expect(try repository.withBlob(id) { $0.elementsEqual(text.utf8) } == true)
    }

    @Test("What the borrower of a blob throws passes through")
    func borrowerThrows() throws {
        struct Stop: Error {}
        try sandbox.commit()
        let id = try sandbox.id("HEAD:file")
        let repository = try sandbox.open()
        #expect(throws: Stop.self) { try repository.withBlob(id) { _ in throw Stop() } }
    }

    @Test("Entries keep git's order, modes and raw names")
    func entries() throws {
        let blob = try sandbox.blob("x")
        let folder = try sandbox.literalTree([("100644", Array("inner".utf8), blob)])
        let odd: [UInt8] = [0x66, 0xFF, 0x0A]
        let tree = try sandbox.literalTree([
            ("100644", Array("a.b".utf8), blob), ("40000", Array("a".utf8), folder), ("100755", Array("a0".utf8), blob),
            ("120000", odd, blob), ("160000", Array("module".utf8), absent),
        ])
        let entries = try sandbox.open().entries(ofTree: tree)
        #expect(
            entries.map(\.name) == [Array("a.b".utf8), Array("a".utf8), Array("a0".utf8), odd, Array("module".utf8)])
        #expect(entries.map(\.mode) == [.file, .directory, .executable, .symlink, .gitlink])
        #expect(entries.map(\.id) == [blob, folder, blob, blob, absent])
    }

    @Test(
        "A blob is found by its path, and nothing else is",
        arguments: [
            ("bim.yml", "top"), ("deep/er/file", "deep"), ("link", "bim.yml"), ("nothing", nil), ("deep", nil),
            ("deep/er", nil),
            ("deep/er/file/more", nil), ("bim.yml/", nil), ("/bim.yml", nil), ("", nil), ("deep//er/file", nil),
            (".", nil),
        ])
    func blobAtPath(path: String, expected: String?) throws {
        try sandbox.git("config", "core.symlinks", "true")
        try sandbox.commit("deep", to: "deep/er/file")
        try sandbox.git("update-index", "--add", "--cacheinfo", "120000,\(sandbox.blob("bim.yml").hex),link")
        try sandbox.git("commit", "-q", "-m", "Link")
        try sandbox.git("checkout", "-q", "--", ".")
        try sandbox.commit("top", to: "bim.yml")
        let found = try sandbox.open().blob(at: path, inTree: sandbox.id("HEAD^{tree}"))
        #expect(found.map { String(decoding: $0, as: UTF8.self) } == expected)
    }
}
