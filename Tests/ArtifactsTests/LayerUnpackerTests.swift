import Artifacts
import Foundation
import Testing

@Suite("Unpacking layers")
struct LayerUnpackerTests {
    private func unpack(_ layers: [[ForeignArchive.Entry]]) throws -> [String] {
        let folder = try TemporaryFolder()
        let files = try layers.enumerated().map { try ForeignArchive($1).layer("layer\($0)", in: folder) }
        let root = try folder.folder("root")
        try LayerUnpacker().unpack(files, into: root)
        return try listing(of: root)
    }

    @Test("what bim writes is what it unpacks", arguments: Compression.allCases)
    func roundTrip(_ compression: Compression) throws {
        let folder = try TemporaryFolder()
        var files = Files.small
        files.add(Array("big".utf8), [UInt8](repeating: 7, count: 3 << 20))
        let (layer, content) = try files.layer(LayerPlan(files.entries), LayerWriter(compression))
        let root = try folder.folder("root")
        let file = try folder.write(content, to: "layer")
        try LayerUnpacker().unpack(
            [.init(file: file, descriptor: layer.descriptor, diffID: layer.diffID)], into: root)
        for entry in files.entries {
            let path = root + "/app/" + String(decoding: entry.path, as: UTF8.self)
            switch entry.kind {
            case .file(let executable):
                // Foundation cannot name what is not UTF-8; a tool below looks at that one.
                guard String(validating: entry.path, as: UTF8.self) != nil else { continue }
                #expect(try bytes(of: path) == files.contents[entry.content])
                #expect(try permissions(of: path) == (executable ? 0o755 : 0o644))
            case .symlink:
                let target = try FileManager.default.destinationOfSymbolicLink(atPath: path)
                #expect(Array(target.utf8) == files.contents[entry.content])
            }
        }
        let names = try Tool.run(["ls", root + "/app/raw"])
        #expect(names == [0xff, 0xfe, 0x41, 10])
        let time = try FileManager.default.attributesOfItem(atPath: root + "/app/Procfile")[.modificationDate] as? Date
        #expect(time == Date(timeIntervalSince1970: 315_532_801))
    }

    @Test(
        "gzip, several gzip members, zstd and plain tar are recognised",
        arguments: [["gzip", "-n"], ["sh", "-c", "gzip -n; echo -n | gzip -n"], ["zstd", "-q"], ["cat"]])
    func compressions(command: [String]) throws {
        let folder = try TemporaryFolder()
        let archive = try ForeignArchive([.file("a", String(repeating: "text ", count: 100_000))])
        let root = try folder.folder("root")
        try LayerUnpacker().unpack([archive.layer("layer", in: folder, compressed: command)], into: root)
        #expect(try bytes(of: root + "/a").count == 500_000)
    }

    @Test("what is unpacked belongs to who unpacks it")
    func owner() throws {
        let folder = try TemporaryFolder()
        let layer = try ForeignArchive([.file("a", "1"), .directory("d")]).layer("layer", in: folder)
        let root = try folder.folder("root")
        try LayerUnpacker().unpack([layer], into: root)
        for path in ["/a", "/d"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: root + path)
            #expect(attributes[.ownerAccountID] as? NSNumber == NSNumber(value: getuid()))
        }
    }

    @Test("modes ignore the umask and lose set-user-id; a directory stays open to its owner")
    func modes() async {
        await #expect(processExitsWith: .success) {
            umask(0o077)
            let folder = try TemporaryFolder()
            let layer = try ForeignArchive([
                .directory("tmp", mode: 0o1777), .directory("closed", mode: 0o555), .file("closed/in", "x"),
                .file("su", "x", mode: 0o6755), .file("implied/deep/a", "x", mode: 0o640),
            ]).layer("layer", in: folder)
            let root = try folder.folder("root")
            try LayerUnpacker().unpack([layer], into: root)
            let modes = try ["tmp", "closed", "su", "implied", "implied/deep", "implied/deep/a"].map {
                try permissions(of: root + "/" + $0)
            }
            guard modes == [0o1777, 0o755, 0o755, 0o755, 0o755, 0o640] else {
                print(modes.map { String($0, radix: 8) })
                exit(EXIT_FAILURE)
            }
        }
    }

    @Test("a whiteout removes what lower layers have, before or after it in the archive")
    func whiteout() throws {
        let lower: [ForeignArchive.Entry] = [
            .file("d/a", "old"), .file("d/b", "old"), .file("d/sub/c", "old"), .file("keep", "old"),
        ]
        #expect(
            try unpack([lower, [.file("d/.wh.a", "")]]) == ["d/", "d/b = old", "d/sub/", "d/sub/c = old", "keep = old"])
        #expect(try unpack([lower, [.file(".wh.d", "")]]) == ["keep = old"])
        #expect(try unpack([lower, [.file(".wh.d", ""), .file("d/n", "new")]]) == ["d/", "d/n = new", "keep = old"])
        #expect(try unpack([lower, [.file("d/n", "new"), .file(".wh.d", "")]]) == ["d/", "d/n = new", "keep = old"])
        #expect(try unpack([lower, [.file(".wh.none", ""), .file("no/.wh.x", "")]]) == unpack([lower]))
        #expect(try unpack([lower, [.file("d/.wh.sub", "")], [.file("d/sub/z", "3")]]).contains("d/sub/z = 3"))
    }

    @Test("an opaque whiteout empties a directory of lower layers' content only", arguments: [false, true])
    func opaque(last: Bool) throws {
        let upper: [ForeignArchive.Entry] = [
            .file("d/.wh..wh..opq", ""), .directory("d"), .file("d/n", "new"), .file("d/sub/m", "new"),
            .file("d/in/side/out", "new"),
        ]
        let lower: [ForeignArchive.Entry] = [.file("d/a", "old"), .file("d/sub/c", "old"), .file("keep", "old")]
        let order = last ? Array(upper[1...] + upper[..<1]) : upper
        let expected = [
            "d/", "d/in/", "d/in/side/", "d/in/side/out = new", "d/n = new", "d/sub/", "d/sub/m = new", "keep = old",
        ]
        #expect(try unpack([lower, order]) == expected)
    }

    @Test("old storage drivers' bookkeeping is left out")
    func bookkeeping() throws {
        #expect(try unpack([[.file(".wh..wh.aufs", ""), .directory(".wh..wh.plnk"), .file("a", "1")]]) == ["a = 1"])
    }

    @Test("a later entry takes the place of another kind")
    func replace() throws {
        let lower: [ForeignArchive.Entry] = [.file("dir/x", "old"), .file("file", "old"), .symlink("link", to: "file")]
        let upper: [ForeignArchive.Entry] = [
            .file("dir", "now a file"), .directory("file"), .file("link", "now a file"),
        ]
        #expect(try unpack([lower, upper]) == ["dir = now a file", "file/", "link = now a file"])
        #expect(try unpack([lower, [.symlink("dir", to: "file")]]).contains("dir -> file"))
        #expect(try unpack([[.file("a/x", "old")], [.directory("a"), .file("a/y", "new")]]).count == 3)
        #expect(try unpack([[.directory("real"), .symlink("d", to: "real")], [.directory("d")]]) == ["d/", "real/"])
    }

    @Test("a hard link shares the file of its own or a lower layer, and a new file does not write through it")
    func hardLinks() throws {
        let linked = try unpack([
            [.file("a", "1"), .hardLink("b", to: "a")], [.hardLink("c", to: "/./a")], [.file("a", "2")],
        ])
        #expect(linked == ["a = 2", "b = 1", "c = 1"])
    }

    @Test("devices and pipes are left out")
    func devices() throws {
        #expect(try unpack([[.device("dev/null"), .pipe("pipe"), .file("a", "1")]]) == ["a = 1"])
    }

    @Test("absolute and roundabout names lie in the folder")
    func absolute() throws {
        #expect(
            try unpack([[.directory("/"), .directory("./"), .file("/etc/x", "1"), .file(".//a/./b", "2")]]) == [
                "a/", "a/b = 2", "etc/", "etc/x = 1",
            ])
    }

    @Test("names and targets stay as they are, whatever they say")
    func names() throws {
        let long = String(repeating: "n", count: 255)
        #expect(
            try unpack([
                [.symlink("out", to: "/etc/passwd"), .file("ü/é", "1"), .file(long, "2"), .symlink("ö", to: "ü")]
            ])
                == [long + " = 2", "out -> /etc/passwd", "ö -> ü", "ü/", "ü/é = 1"].sorted())
    }
}
