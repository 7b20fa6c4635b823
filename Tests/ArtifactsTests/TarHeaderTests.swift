import Testing

@testable import Artifacts

@Suite("Tar headers")
struct TarHeaderTests {
    private func file(_ path: String, size: Int64 = 0) -> TarHeader {
        TarHeader(path: Array(path.utf8), kind: .file, mode: 0o644, size: size)
    }

    private func text(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    @Test("a short name is one block with a right sum")
    func plain() {
        let block = file("app/a", size: 9).bytes
        #expect(block.count == 512)
        #expect(text(block) == "app/a")
        #expect(text(block[100...]) == "0000644")
        #expect(text(block[124...]) == "00000000011")
        #expect(text(block[136...]) == "02263523001")
        #expect(block[257..<265].elementsEqual("ustar\u{0}00".utf8))
        #expect(block[265..<329].allSatisfy { $0 == 0 })
        var sum = block
        sum.replaceSubrange(148..<156, with: [UInt8](repeating: 32, count: 8))
        #expect(Int(text(block[148...]), radix: 8) == sum.reduce(0) { $0 + Int($1) })
        #expect(block[154..<156].elementsEqual([0, 32]))
    }

    @Test(
        "ustar takes what fits, pax the rest",
        arguments: [
            (String(repeating: "a", count: 100), 1), (String(repeating: "a", count: 101), 3),
            (String(repeating: "p", count: 155) + "/" + String(repeating: "n", count: 100), 1),
            (String(repeating: "p", count: 156) + "/" + String(repeating: "n", count: 99), 3),
            (String(repeating: "p", count: 155) + "/" + String(repeating: "n", count: 101), 3), ("é", 3), ("a\nb", 1),
        ])
    func blocks(path: String, count: Int) {
        #expect(file(path).bytes.count == count * 512)
    }

    @Test("a pax record counts its own length", arguments: 0...130)
    func recordLength(extra: Int) throws {
        let path = "é" + String(repeating: "a", count: extra)
        let bytes = file(path).bytes
        let size = try #require(Int(text(bytes[124..<136]), radix: 8))
        let record = Array(bytes[512..<(512 + size)])
        #expect(record.elementsEqual("\(size) path=\(path)\n".utf8))
    }

    @Test("a size of 8 GiB needs pax, one byte less does not")
    func largeSize() {
        #expect(file("a", size: (8 << 30) - 1).bytes.count == 512)
        let large = file("a", size: 8 << 30).bytes
        #expect(text(large[512...]) == "19 size=8589934592\n")
        #expect(text(large[(1024 + 124)...]) == "00000000000")
    }

    @Test("Python reads sizes beyond 8 GiB", arguments: [(8 << 30) - 1, 8 << 30, 5 << 40] as [Int64])
    func largeSizeRead(size: Int64) throws {
        let script = "import sys, tarfile; print(tarfile.open(fileobj=sys.stdin.buffer, mode='r|').next().size)"
        let output = try Tool.run(["python3", "-c", script], input: file("big", size: size).bytes)
        #expect(String(decoding: output, as: UTF8.self) == "\(size)\n")
    }

    @Test("bytes that are not UTF-8 are said to be binary")
    func binary() {
        let header = TarHeader(path: [0xff], kind: .symlink, mode: 0o777, linkTarget: [0xfe, 0x2f])
        let records = header.bytes[512...].prefix { $0 != 0 }
        #expect(
            records.elementsEqual(
                Array("21 hdrcharset=BINARY\n15 linkpath=".utf8) + [0xfe, 0x2f] + Array("\n9 path=".utf8) + [0xff, 10]))
    }

    @Test("a long directory name keeps its slash in the name field")
    func directory() {
        let path = String(repeating: "p", count: 120) + "/" + String(repeating: "d", count: 50) + "/"
        let block = TarHeader(path: Array(path.utf8), kind: .directory, mode: 0o755).bytes
        #expect(block.count == 512)
        #expect(text(block).hasSuffix("d/"))
        #expect(text(block[345...]) == String(repeating: "p", count: 120))
    }
}
