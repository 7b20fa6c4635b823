internal import Artifacts
internal import HTTPTransport

#if canImport(Glibc)
    internal import Glibc
#endif

/// Writes objects: whole, in parts where they are large, and only where nothing is when that is wished.
struct S3Upload: Sendable {
    private let client: S3Client
    private let partSize: Int64

    /// - Parameter partSize: what is larger goes in parts of this size, at least 5 MiB.
    init(_ client: S3Client, partSize: Int64 = 64 << 20) {
        self.client = client
        self.partSize = partSize
    }

    /// What writing under a condition came to.
    enum Outcome: Equatable {
        case written
        /// The condition did not hold.
        case refused
        /// Nothing was written: the store knows no such condition.
        case unsupported
    }

    /// Writes bytes.
    @discardableResult
    func put(
        _ bytes: [UInt8], at key: String, type: String, if condition: S3Client.Condition = .none
    ) async throws -> Outcome {
        var headers = [(name: "content-type", value: type)]
        switch condition {
        case .none: break
        case .absent: headers.append(("if-none-match", "*"))
        case .unchanged(let tag): headers.append(("if-match", tag))
        }
        let reply = try await client.send("PUT", key, headers: headers, body: .bytes(bytes))
        if reply.status == 501, condition != .none { return .unsupported }
        if reply.status == 412 || reply.status == 409 { return .refused }
        guard reply.status == 200 else { throw client.error(reply) }
        return .written
    }

    /// Writes bytes that are always the same under this key; where they are already nothing is sent twice.
    func putOnce(_ bytes: [UInt8], at key: String, type: String) async throws {
        if try await put(bytes, at: key, type: type, if: .absent) == .unsupported {
            try await put(bytes, at: key, type: type)
        }
    }

    /// Writes a file whose digest is known; the store holds it against the bytes.
    func put(_ path: String, _ descriptor: Descriptor, at key: String) async throws {
        if descriptor.size > partSize { return try await putParts(path, descriptor, at: key) }
        let reply = try await client.send(
            "PUT", key, headers: [("content-type", "application/octet-stream")],
            body: .file(path: path, size: descriptor.size), payload: descriptor.digest.hex)
        guard reply.status == 200 else { throw client.error(reply) }
    }

    private func putParts(_ path: String, _ descriptor: Descriptor, at key: String) async throws {
        let begun = try await client.send("POST", key, query: [("uploads", "")])
        guard begun.status == 200, let id = XMLText(begun.body)["UploadId"] else { throw client.error(begun) }
        do {
            var tags: [String] = []
            for offset in stride(from: 0, to: descriptor.size, by: Int(partSize)) {
                let size = min(partSize, descriptor.size - offset)
                let number = String(tags.count + 1)
                let reply = try await client.send(
                    "PUT", key, query: [("partNumber", number), ("uploadId", id)],
                    body: .part(path: path, offset: offset, size: size),
                    payload: try Self.digest(path, offset, size).hex)
                guard reply.status == 200, let tag = reply.header("ETag") else { throw client.error(reply) }
                tags.append(tag)
            }
            try await complete(key, id, tags, size: descriptor.size)
        } catch {
            // What was sent of it would cost its owner rent.
            _ = try? await client.send("DELETE", key, query: [("uploadId", id)])
            throw error
        }
    }

    private func complete(_ key: String, _ id: String, _ tags: [String], size: Int64) async throws {
        let parts = tags.enumerated().map { index, tag in
            "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(XMLText.escape(tag))</ETag></Part>"
        }
        let body = Array("<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>".utf8)
        let reply = try await client.send("POST", key, query: [("uploadId", id)], body: .bytes(body))
        let code = XMLText(reply.body)["Code"]
        // An answer of 200 may still tell an error.
        if reply.status == 200, code == nil { return }
        // The answer to the first try may have been lost, and the upload be over.
        if code == "NoSuchUpload", try await client.send("HEAD", key).header("Content-Length") == String(size) {
            return
        }
        throw client.error(reply)
    }

    private static func digest(_ path: String, _ offset: Int64, _ size: Int64) throws -> Digest {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw S3Error.unreadableFile(path) }
        defer { close(descriptor) }
        var digest = DigestWriter()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var (position, rest) = (offset, size)
        while rest > 0 {
            let count = pread(descriptor, &buffer, Int(min(rest, Int64(buffer.count))), off_t(position))
            guard count > 0 else { throw S3Error.unreadableFile(path) }
            buffer.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            position += Int64(count)
            rest -= Int64(count)
        }
        return digest.finalize()
    }
}
