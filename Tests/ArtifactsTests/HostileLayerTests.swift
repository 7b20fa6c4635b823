import Artifacts
import Foundation
import Testing

@Suite("Hostile layers")
struct HostileLayerTests {
    @Test(
        "a name with '..' is refused", arguments: ["../evil/file", "a/../../evil/file", "/../evil/file", "..", "a/.."])
    func dotDot(name: String) throws {
        let trap = try Trap()
        for entry in [ForeignArchive.Entry.file(name, "x"), .directory(name), .symlink(name, to: "x")] {
            // The archive's writer ends a directory's name in a slash.
            let told = entry.type == "5" ? name + "/" : name
            #expect(try trap.error(trap.layers([[.file("a", "1"), entry]])) == .unsafePath(told))
        }
    }

    @Test("a link of a lower or the same layer redirects nothing")
    func symlinkEscape() throws {
        let trap = try Trap()
        let link = ForeignArchive.Entry.symlink("app/x", to: trap.outside)
        let through: [ForeignArchive.Entry] = [
            .file("app/x/file", "x"), .directory("app/x/new"), .symlink("app/x/file", to: "a"),
            .file("app/x/.wh.file", ""), .file("app/x/deeper/.wh..wh..opq", ""),
            .hardLink("copy", to: "app/x/file"), .hardLink("app/x/file", to: "app/own"),
        ]
        for entry in through {
            let own = ForeignArchive.Entry.file("app/own", "1")
            #expect(try trap.error(trap.layers([[own, link], [entry]])) == .throughSymlink("app/x"))
            #expect(try trap.error(trap.layers([[own, link, entry]])) == .throughSymlink("app/x"))
        }
    }

    @Test("an opaque whiteout in a linked directory empties nothing outside")
    func opaqueThroughLink() throws {
        let trap = try Trap()
        let layers = try trap.layers([[.symlink("x", to: trap.outside)], [.file("x/.wh..wh..opq", "")]])
        try LayerUnpacker().unpack(layers, into: trap.root)
        #expect(try listing(of: trap.outside) == ["file = untouched"])
    }

    @Test("a relative link that leaves the folder redirects nothing, nor does a chain of links")
    func relativeEscape() throws {
        let trap = try Trap()
        #expect(
            try trap.error(trap.layers([[.symlink("x", to: "../evil")], [.file("x/file", "y")]]))
                == .throughSymlink("x"))
        let chain: [ForeignArchive.Entry] = [
            .directory("a"), .symlink("a/b", to: ".."), .symlink("c", to: "a/b/../evil"), .file("c/file", "y"),
        ]
        #expect(try trap.error(trap.layers([chain])) == .throughSymlink("c"))
    }

    @Test("a file over a link replaces the link, not its target")
    func overLink() throws {
        let trap = try Trap()
        let layers = try trap.layers([[.symlink("x", to: trap.outside + "/file")], [.file("x", "mine")]])
        try LayerUnpacker().unpack(layers, into: trap.root)
        #expect(try listing(of: trap.root) == ["x = mine"])
        #expect(try listing(of: trap.outside) == ["file = untouched"])
    }

    @Test("a hard link outside, to a link, a directory or nothing is refused")
    func hardLinks() throws {
        let trap = try Trap()
        for target in ["../evil/file", "x/../../evil/file"] {
            #expect(try trap.error(trap.layers([[.hardLink("h", to: target)]])) == .unsafePath(target))
        }
        let inside = trap.outside + "/file"
        #expect(
            try trap.error(trap.layers([[.hardLink("h", to: inside)]])) == .unsafePath(String(inside.dropFirst())))
        for (entry, target) in [(ForeignArchive.Entry.symlink("s", to: inside), "s"), (.directory("d"), "d")] {
            #expect(try trap.error(trap.layers([[entry, .hardLink("h", to: target)]])) == .unsafePath(target))
        }
    }

    @Test("a whiteout of '.', '..' or nothing is refused", arguments: [".wh.", ".wh..", ".wh...", "a/.wh..."])
    func whiteouts(name: String) throws {
        let trap = try Trap()
        let last = name.split(separator: "/").last.map(String.init)
        #expect(try trap.error(trap.layers([[.file("a/b", "1"), .file(name, "")]])) == .unsafePath(last ?? ""))
    }

    @Test("a name longer than the system takes is refused")
    func longName() throws {
        let trap = try Trap()
        let deep = String(repeating: "d/", count: 2100) + "x"
        #expect(try trap.error(trap.layers([[.file(deep, "1")]])) == .unsafePath(deep))
        let wide = String(repeating: "n", count: 256)
        #expect(try trap.error(trap.layers([[.file(wide, "1")]])) == .unsafePath(wide))
    }

    @Test("a file that is not the promised one is told by size or digest")
    func wrongFile() throws {
        let trap = try Trap()
        var layer = try trap.layers([[.file("a", "1")]])[0]
        let digest = layer.descriptor.digest
        let wrong = Digest.sha256(of: [])
        layer.descriptor.digest = wrong
        #expect(try trap.error([layer]) == .digestMismatch(expected: wrong, actual: digest))
        layer.descriptor.digest = digest
        layer.descriptor.size += 1
        #expect(
            try trap.error([layer])
                == .sizeMismatch(expected: layer.descriptor.size, actual: layer.descriptor.size - 1))
    }

    @Test("a wrong diff id is told, though the compressed digest is right")
    func wrongDiffID() throws {
        let trap = try Trap()
        var layer = try trap.layers([[.file("a", "1")]])[0]
        let diffID = layer.diffID
        layer.diffID = .sha256(of: [])
        #expect(try trap.error([layer]) == .diffIDMismatch(expected: .sha256(of: []), actual: diffID))
    }

    @Test("a flipped byte is told as a wrong digest, wherever it is", arguments: [0, 12, 200])
    func flipped(position: Int) throws {
        let trap = try Trap()
        let data = (0..<500).map { String($0 &* 7919) }.joined()
        var layer = try trap.layers([[.file("a", data)]])[0]
        var content = try bytes(of: layer.file)
        content[position] ^= 0x55
        layer.file = try trap.folder.write(content, to: "flipped")
        #expect(
            try trap.error([layer])
                == .digestMismatch(expected: layer.descriptor.digest, actual: .sha256(of: content)))
    }

    @Test("a cut archive with the digest of the cut is damaged or has a wrong diff id", arguments: [0, 30, 700])
    func truncated(length: Int) throws {
        let trap = try Trap()
        for compression in [["gzip", "-n"], ["cat"]] {
            let data = (0..<500).map { String($0 &* 7919) }.joined()
            var layer = try ForeignArchive([.file("a", data)]).layer("l", in: trap.folder, compressed: compression)
            let content = Array(try bytes(of: layer.file).prefix(length))
            layer.file = try trap.folder.write(content, to: "cut")
            layer.descriptor = Descriptor(mediaType: MediaType.layerGzip, content: content)
            switch try trap.error([layer]) {
            case .damaged, .diffIDMismatch: break
            case let other: Issue.record("\(String(describing: other))")
            }
        }
    }

    @Test("bytes after the archive count, compressed or not")
    func trailing() throws {
        let trap = try Trap()
        let archive = try ForeignArchive([.file("a", "1")])
        for command in ["gzip -n; echo tail", "(cat; echo tail) | gzip -n"] {
            var layer = try archive.layer("l", in: trap.folder, compressed: ["sh", "-c", command])
            layer.descriptor.digest = .sha256(of: try bytes(of: archive.layer("m", in: trap.folder).file))
            #expect(try trap.error([layer]) != nil)
        }
    }

    @Test("a bomb stops at the limit, which counts all layers together")
    func bomb() throws {
        let trap = try Trap()
        let archive = try ForeignArchive([.file("a", String(repeating: "0", count: 3_000_000))])
        let layer = try archive.layer("l", in: trap.folder)
        #expect(layer.descriptor.size < 10_000)
        #expect(try trap.error([layer], LayerUnpacker(maximumBytes: 2_000_000)) == .tooLarge(limit: 2_000_000))
        #expect(try trap.error([layer, layer], LayerUnpacker(maximumBytes: 4_000_000)) == .tooLarge(limit: 4_000_000))
        try LayerUnpacker(maximumBytes: 4_000_000).unpack([layer], into: trap.root)
    }

    @Test("a sparse file counts in full")
    func sparse() throws {
        let trap = try Trap()
        let script = "cd '\(trap.folder.path)' && truncate -s 1T hole && tar -S -cf - hole && rm hole"
        let content = try Tool.run(["sh", "-c", script])
        let layer = LayerUnpacker.Layer(
            file: try trap.folder.write(content, to: "sparse"),
            descriptor: Descriptor(mediaType: MediaType.layer, content: content), diffID: .sha256(of: content))
        #expect(try trap.error([layer], LayerUnpacker(maximumBytes: 1 << 30)) == .tooLarge(limit: 1 << 30))
    }

    @Test("a folder that holds something is left alone")
    func notEmpty() throws {
        let trap = try Trap()
        #expect(throws: UnpackError.folderNotEmpty(trap.outside)) {
            try LayerUnpacker().unpack(trap.layers([[.file("a", "1")]]), into: trap.outside)
        }
        #expect(try listing(of: trap.outside) == ["file = untouched"])
        #expect(throws: SystemError(call: "realpath", path: trap.root + "/none", errno: ENOENT)) {
            try LayerUnpacker().unpack([], into: trap.root + "/none")
        }
    }

    @Test("what is no archive is told")
    func nonsense() throws {
        let trap = try Trap()
        let content = Array(String(repeating: "nonsense ", count: 200).utf8)
        let layer = LayerUnpacker.Layer(
            file: try trap.folder.write(content, to: "layer"),
            descriptor: Descriptor(mediaType: MediaType.layer, content: content), diffID: .sha256(of: content))
        guard case .damaged = try trap.error([layer]) else {
            Issue.record("not told as damaged")
            return
        }
    }
}
