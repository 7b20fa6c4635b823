internal import Crypto

/// Names content by its SHA-256: `sha256:` and 64 lower-case hexadecimal digits.
///
/// Other algorithms and spellings that OCI image-spec, descriptor.md, would allow are refused: bim compares digests as
/// text, and two spellings of one digest must not exist.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The 64 hexadecimal digits without the algorithm.
    package let hex: String

    package var description: String { "sha256:" + hex }

    /// Reads a digest; nil unless the text is exactly `sha256:` and 64 lower-case hexadecimal digits.
    package init?(_ text: String) {
        let prefix = "sha256:"
        guard text.utf8.count == prefix.utf8.count + 64, text.hasPrefix(prefix) else { return nil }
        let digits = text.utf8.dropFirst(prefix.utf8.count)
        guard digits.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else { return nil }
        hex = String(decoding: digits, as: UTF8.self)
    }

    fileprivate init(_ hash: SHA256Digest) {
        hex = String(unsafeUninitializedCapacity: 64) { buffer in
            hash.withUnsafeBytes { bytes in
                for index in 0..<64 {
                    let digit = index % 2 == 0 ? bytes[index / 2] >> 4 : bytes[index / 2] & 15
                    buffer[index] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
                }
            }
            return 64
        }
    }

    /// Returns the digest of the bytes.
    package static func sha256(of bytes: some Collection<UInt8>) -> Digest {
        var writer = DigestWriter()
        if bytes.withContiguousStorageIfAvailable({ writer.update(UnsafeRawBufferPointer($0)) }) == nil {
            writer.update(Array(bytes))
        }
        return writer.finalize()
    }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = Digest(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a SHA-256 digest")
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Computes a digest of bytes that arrive in pieces.
package struct DigestWriter: Sendable {
    private var hash = SHA256()

    package init() {}

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: bytes)
    }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    /// Returns the digest of all bytes so far; more may follow.
    package func finalize() -> Digest {
        Digest(hash.finalize())
    }
}
