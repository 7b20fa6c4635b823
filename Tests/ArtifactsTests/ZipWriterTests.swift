import Foundation
import Testing

@testable import Artifacts

@Suite("Writing ZIPs")
struct ZipWriterTests {
    private func zip(_ files: Files) throws -> (WrittenLayer, [UInt8]) {
        let output = Output()
        let written = try ZipWriter().write(
            LayerPlan(files.entries), to: { output.bytes.append(contentsOf: $0) }, read: files.read)
        return (written, output.bytes)
    }

    private final class Output {
        var bytes: [UInt8] = []
    }

    @Test("the bytes of a fixed tree stay as they are")
    func golden() throws {
        let (written, bytes) = try zip(.small)
        #expect(ZipWriter.recipe == "zip-1(libdeflate-1.14/6)")
        #expect(written.descriptor == Descriptor(mediaType: MediaType.zip, content: bytes))
        #expect(written.descriptor.digest.hex == "3f77a8cc76c6d955563674265b804a8edd273c1716d2878b388cf68b9aeb1c8a")
    }

    @Test("Python reads back every name, mode and time")
    func python() throws {
        let script = """
            import io, sys, zipfile
            for e in zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())).infolist():
                print(oct(e.external_attr >> 16), e.date_time[:3])
            """
        let (_, bytes) = try zip(.small)
        let output = String(decoding: try Tool.run(["python3", "-c", script], input: bytes), as: UTF8.self)
        let lines = output.split(separator: "\n")
        #expect(lines.count == Files.small.entries.count)
        #expect(lines.allSatisfy { $0.contains("(1980, 1, 1)") })
        #expect(lines.count { $0.hasPrefix("0o120777") } == 2)
        #expect(lines.count { $0.hasPrefix("0o100755") } == 1)
    }

    @Test("more than 65 535 files need ZIP64, and Python finds them all")
    func manyFiles() throws {
        var files = Files()
        let id = Digest.sha256(of: []).hex
        files.add("a", "")
        for number in 0..<66_000 {
            files.entries.append(
                .init(path: Array("f\(number)".utf8), kind: .file(executable: false), size: 0, content: id))
        }
        let (_, bytes) = try zip(files)
        let script =
            "import io, sys, zipfile; print(len(zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())).infolist()))"
        #expect(try Tool.run(["python3", "-c", script], input: bytes).elementsEqual("66001\n".utf8))
    }

    @Test("sizes and offsets beyond 4 GiB stand in ZIP64's own fields")
    func large() throws {
        let size: Int64 = 5 << 32
        let entry = LayerPlan.Entry(path: Array("big".utf8), kind: .file(executable: false), size: size, content: "")
        let record = ZipRecord(entry, offset: 6 << 32)
        // A central directory alone: Python reads it without the files.
        let central = record.centralHeader
        let archive = central + ZipRecord.end(count: 1, start: 0, size: Int64(central.count))
        let script = """
            import io, sys, zipfile
            e = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())).infolist()[0]
            print(e.file_size, e.compress_size, e.header_offset)
            """
        #expect(
            try Tool.run(["python3", "-c", script], input: archive).elementsEqual(
                "\(size) \(size) \(Int64(6) << 32)\n".utf8))
        #expect(record.localHeader.count == 30 + 3 + 20)
    }

    @Test("what a ZIP cannot say is refused")
    func refused() throws {
        var files = Files()
        files.add("a/../b", "x")
        #expect(throws: LayerWriteError.invalidPath("a/../b")) { try zip(files) }
        var short = Files()
        short.add("a", "12345")
        short.entries[0].size = 6
        #expect(throws: LayerWriteError.sizeMismatch(path: "a", expected: 6, actual: 5)) { try zip(short) }
    }
}
