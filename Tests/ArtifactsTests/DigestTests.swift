import Artifacts
import Testing

@Suite("Digests")
struct DigestTests {
    private static let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test("a digest is read as it is written")
    func roundTrip() throws {
        let digest = try #require(Digest(Self.empty))
        #expect(digest.description == Self.empty)
        #expect(digest.hex == String(Self.empty.dropFirst(7)))
        #expect(digest == .sha256(of: []))
        #expect(try CanonicalJSON.encode([digest]) == Array("[\"\(Self.empty)\"]".utf8))
        #expect(try CanonicalJSON.decode([Digest].self, from: "[\"\(Self.empty)\"]".utf8) == [digest])
    }

    @Test(
        "other spellings are refused",
        arguments: [
            "", "sha256:", empty.uppercased(), String(empty.dropLast()), empty + "0", String(empty.dropFirst(7)),
            "sha512:" + empty.dropFirst(7), empty.replacing("e3", with: "g3"), " " + empty.dropLast(), empty + "\n",
            empty.replacing("e3b0", with: "é3b"),
        ])
    func strict(text: String) throws {
        #expect(Digest(text) == nil)
        #expect(throws: DecodingError.self) {
            try CanonicalJSON.decode([Digest].self, from: CanonicalJSON.encode([text]))
        }
    }

    @Test("pieces give the digest of the whole")
    func pieces() {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var writer = DigestWriter()
        writer.update(Array(bytes[..<1]))
        writer.update(Array(bytes[1..<4096]))
        bytes[4096...].withUnsafeBytes { writer.update($0) }
        #expect(writer.finalize() == .sha256(of: bytes))
        #expect(Digest.sha256(of: bytes[1...]) != .sha256(of: bytes))
        #expect(Digest.sha256(of: bytes.lazy.map { $0 }) == .sha256(of: bytes))
    }
}
