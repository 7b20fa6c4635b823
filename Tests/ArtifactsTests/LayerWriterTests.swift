import Foundation
import Testing

@testable import Artifacts

@Suite("Writing layers")
struct LayerWriterTests {
    private static let goldenDiffID = "bda09f2778bcadda0272481beaa808bfe99c1add3415b6ed06cc67208858350f"
    private static let goldenDigest = "191bd5fc8bed82dfefe1804733a0c4688d67759fcc31f4d652876b05460268b3"

    private static let goldenZstdDigest = "9aeb66caad6533c3f40497af234c6d88d47974c9ec0a4d52dec650ce6e7b8bc2"

    @Test("the bytes of a fixed tree stay as they are")
    func golden() throws {
        let (layer, bytes) = try Files.small.layer()
        #expect(LayerWriter().recipe == "tar-1+gz-1(libdeflate-1.14/6)+tree-cdc-1")
        #expect(layer.diffID.hex == Self.goldenDiffID)
        #expect(layer.descriptor.digest.hex == Self.goldenDigest)
        #expect(layer.descriptor == Descriptor(mediaType: MediaType.layerGzip, content: bytes))
    }

    @Test("zstd reads its frame and gets the bytes of the diff id, which no compressor changes; its bytes stay, too")
    func zstd() throws {
        let plan = LayerPlan(Files.small.entries)
        let (layer, bytes) = try Files.small.layer(plan, LayerWriter(.zstd))
        #expect(LayerWriter(.zstd).recipe == "tar-1+zst-1(libzstd-1.5.4/6)+tree-cdc-1")
        #expect(layer.descriptor == Descriptor(mediaType: MediaType.layerZstd, content: bytes))
        #expect(layer.diffID.hex == Self.goldenDiffID)
        #expect(layer.descriptor.digest.hex == Self.goldenZstdDigest)
        let tar = try Tool.run(["zstd", "-dcq"], input: bytes)
        #expect(Digest.sha256(of: tar) == layer.diffID)
    }

    @Test("time zone, umask and locale leave no trace")
    func environment() async {
        await #expect(processExitsWith: .success) {
            setenv("TZ", "Asia/Kathmandu", 1)
            setenv("LC_ALL", "tr_TR.UTF-8", 1)
            tzset()
            umask(0o077)
            let layer = try Files.small.layer().layer
            guard layer.diffID.hex == LayerWriterTests.goldenDiffID,
                layer.descriptor.digest.hex == LayerWriterTests.goldenDigest
            else { exit(EXIT_FAILURE) }
        }
    }

    @Test("gzip reads the members and gets the bytes of the diff id", arguments: [0, 1, 1_048_064, 3_500_000])
    func gunzip(size: Int) throws {
        var files = Files()
        files.add(Array("big".utf8), (0..<size).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) })
        let (layer, bytes) = try files.layer()
        let (other, packed) = try files.layer(LayerPlan(files.entries), LayerWriter(.zstd))
        #expect(other.diffID == layer.diffID)
        #expect(Digest.sha256(of: try Tool.run(["zstd", "-dcq"], input: packed)) == layer.diffID)
        let tar = try Tool.run(["gzip", "-dc"], input: bytes)
        #expect(Digest.sha256(of: tar) == layer.diffID)
        #expect(bytes.prefix(10).elementsEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]))
        #expect(tar.suffix(1024).allSatisfy { $0 == 0 })
        #expect(tar.count == (512 * 2 + (size + 511) / 512 * 512 + 1024))
    }

    @Test("Python reads back every name, kind, mode, time and content")
    func python() throws {
        let script = """
            import hashlib, io, json, sys, tarfile
            rows = []
            with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read())) as tar:
                for e in tar:
                    data = hashlib.sha256(tar.extractfile(e).read()).hexdigest() if e.isreg() else ""
                    name = e.name.encode("utf-8", "surrogateescape").hex()
                    rows.append(f"{name} {e.type.decode()} {e.mode:o} {e.uid} {e.gid} [{e.uname}{e.gname}] {int(e.mtime)} {e.linkname} {data}")
            print("\\n".join(rows))
            """
        let files = Files.small
        let output = try Tool.run(["python3", "-c", script], input: files.layer().bytes)
        let rows = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
        let read = rows.filter { !$0.contains(" 5 755 0 0 [] 315532801  ") }
        let expected = LayerPlan(files.entries).entries.map { entry in
            let name = (Array("app/".utf8) + entry.path).map { String(format: "%02x", $0) }.joined()
            return switch entry.kind {
            case .file(let executable):
                "\(name) 0 \(executable ? "755" : "644") 0 0 [] 315532801  \(entry.content)"
            case .symlink:
                "\(name) 2 777 0 0 [] 315532801 "
                    + String(decoding: files.contents[entry.content] ?? [], as: UTF8.self) + " "
            }
        }
        #expect(read == expected)
        #expect(Set(rows).count == rows.count)
        #expect(rows.first == "617070 5 755 0 0 [] 315532801  ")
    }

    @Test("tar lists what was written")
    func tar() throws {
        var files = Files()
        files.add("a", "12345")
        files.add("bin/run", "x", kind: .file(executable: true))
        files.add("link", "bin/run", kind: .symlink)
        let list = try Tool.run(["tar", "--full-time", "-tvzf", "-"], input: files.layer().bytes)
        #expect(
            String(decoding: list, as: UTF8.self) == """
                drwxr-xr-x 0/0               0 1980-01-01 00:00:01 app/
                -rw-r--r-- 0/0               5 1980-01-01 00:00:01 app/a
                drwxr-xr-x 0/0               0 1980-01-01 00:00:01 app/bin/
                -rwxr-xr-x 0/0               1 1980-01-01 00:00:01 app/bin/run
                lrwxrwxrwx 0/0               0 1980-01-01 00:00:01 app/link -> bin/run

                """)
    }

    @Test("a directory has the same header in every layer and stands before its files once")
    func parents() throws {
        let files = Files.small
        let (first, second) = (LayerPlan([files.entries[4]]), LayerPlan(Array(files.entries[6...8])))
        let headers = try [first, second].map { plan in
            let tar = try Tool.run(["gzip", "-dc"], input: files.layer(plan).bytes)
            return stride(from: 0, to: tar.count, by: 512).map { Array(tar[$0..<($0 + 512)]) }
                .filter { $0[156] == UInt8(ascii: "5") }
        }
        #expect(headers[0].count == 2)
        #expect(Array(headers[1].prefix(2)) == headers[0])
        #expect(Set(headers[1]).count == headers[1].count)
    }

    @Test("a file descriptor gets the same bytes as a sink")
    func fileDescriptor() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([], to: "layer")
        let files = Files.small
        let handle = try #require(FileHandle(forWritingAtPath: path))
        let layer = try LayerWriter().write(
            LayerPlan(files.entries), to: handle.fileDescriptor, read: files.read)
        try handle.close()
        #expect(try bytes(of: path) == files.layer().bytes)
        #expect(try layer == files.layer().layer)
    }

    @Test("a full disk is told with its error number")
    func fullDisk() throws {
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        #expect(throws: SystemError(call: "write", errno: ENOSPC)) {
            try LayerWriter().write(LayerPlan(Files.small.entries), to: full.fileDescriptor, read: Files.small.read)
        }
    }

    @Test("content of another size than planned is an error", arguments: [-1, 1] as [Int64])
    func size(difference: Int64) throws {
        for kind in [LayerPlan.Kind.file(executable: false), .symlink] {
            var files = Files()
            files.add("a", "12345", kind: kind)
            files.entries[0].size += difference
            #expect(throws: LayerWriteError.sizeMismatch(path: "a", expected: 5 + difference, actual: 5)) {
                try files.layer()
            }
        }
    }

    @Test(
        "what a layer cannot say is refused",
        arguments: [
            ("a/../b", "x", .file(executable: false), .invalidPath("a/../b")),
            ("/a", "x", .file(executable: false), .invalidPath("/a")),
            ("a//b", "x", .file(executable: false), .invalidPath("a//b")),
            ("a/.", "x", .file(executable: false), .invalidPath("a/.")),
            ("", "x", .file(executable: false), .invalidPath("")),
            ("d/.wh.a", "x", .file(executable: false), .reservedName(path: "d/.wh.a")),
            (".wh.d/a", "x", .file(executable: false), .reservedName(path: ".wh.d/a")),
            ("link", "", .symlink, .invalidLink(path: "link")),
            ("link", "a\u{0}b", .symlink, .invalidLink(path: "link")),
        ] as [(String, String, LayerPlan.Kind, LayerWriteError)])
    func refused(path: String, content: String, kind: LayerPlan.Kind, error: LayerWriteError) {
        var files = Files()
        files.add(path, content, kind: kind)
        #expect(throws: error) { try files.layer() }
    }

    @Test("an error of the reader comes through")
    func readerError() {
        var files = Files()
        files.entries.append(LayerPlan.Entry(path: [97], kind: .symlink, size: 1, content: "missing"))
        #expect(throws: Files.Missing.self) { try files.layer() }
    }
}
