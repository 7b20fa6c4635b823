package import Artifacts
package import HTTPTransport

/// Artifacts in S3: ZIPs as `<prefix>/<app>/<digest>.zip`, images as an OCI image layout in `<prefix>/<app>`.
package struct S3Store: ArtifactStore {
    private static let parallelUploads = 4
    private static let layout = Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)

    private let client: S3Client
    private let upload: S3Upload
    private let folder: String

    /// - Parameters:
    ///   - app: the app's name, which becomes a folder.
    ///   - partSize: what is larger is sent in parts of this size.
    package init(
        _ location: S3Location, app: String, environment: [String: String], transport: HTTPTransport,
        partSize: Int64 = 64 << 20
    ) {
        client = S3Client(location, environment: environment, transport: transport)
        upload = S3Upload(client, partSize: partSize)
        folder = location.prefix.isEmpty ? app : "\(location.prefix)/\(app)"
    }

    private var url: String { "s3://\(client.location.bucket)/\(folder)" }

    private func blobKey(_ digest: Digest) -> String { "\(folder)/blobs/sha256/\(digest.hex)" }
    private func zipKey(_ digest: Digest) -> String { "\(folder)/\(digest.hex).zip" }
    private func key(_ artifact: Artifact) -> String {
        artifact.zip.map { zipKey($0.descriptor.digest) } ?? blobKey(artifact.digest)
    }

    package func reference(to digest: Digest) -> String { "\(url)@\(digest)" }

    package func reference(to artifact: Artifact) -> String {
        artifact.zip.map { "\(url)/\($0.descriptor.digest.hex).zip" } ?? reference(to: artifact.digest)
    }

    package func contains(_ digest: Digest) async throws -> Bool { try await exists(blobKey(digest)) }
    package func contains(_ artifact: Artifact) async throws -> Bool { try await exists(key(artifact)) }

    private func exists(_ key: String) async throws -> Bool {
        let reply = try await client.send("HEAD", key)
        // Who may not list a bucket is told 403 of what is not there; whether it is more, a write will tell.
        if reply.status == 404 || reply.status == 403 { return false }
        guard reply.status == 200 else { throw client.error(reply) }
        return true
    }

    package func upload(
        _ artifact: Artifact, after taken: TakenLayers, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> UploadSummary {
        var summary = UploadSummary(sentLayers: 0, layers: artifact.layers.count, sentBytes: 0)
        let layers = artifact.distinctLayers
        var done = 0
        try await withThrowingTaskGroup(of: Int64?.self) { group in
            var rest = layers[...]
            for _ in 0..<Self.parallelUploads {
                if let layer = rest.popFirst() { group.addTask { try await send(layer, artifact) } }
            }
            while let sent = try await group.next() {
                done += 1
                if let sent {
                    summary.sentLayers += 1
                    summary.sentBytes += sent
                }
                progress(done, layers.count)
                if let layer = rest.popFirst() { group.addTask { try await send(layer, artifact) } }
            }
        }
        if artifact.zip == nil { try await finishLayout(artifact) }
        return summary
    }

    /// The bytes sent, or nil when they were there.
    private func send(_ layer: Artifact.Layer, _ artifact: Artifact) async throws -> Int64? {
        let key = artifact.zip == nil ? blobKey(layer.descriptor.digest) : zipKey(layer.descriptor.digest)
        if try await exists(key) { return nil }
        try await upload.put(try await layer.file(), layer.descriptor, at: key)
        return layer.descriptor.size
    }

    /// Configuration, manifest, and last the index, which several pushers may write.
    private func finishLayout(_ artifact: Artifact) async throws {
        let type = "application/json"
        let configuration = blobKey(artifact.configurationDescriptor.digest)
        try await upload.putOnce(artifact.configuration, at: configuration, type: type)
        try await upload.putOnce(artifact.manifest, at: blobKey(artifact.digest), type: type)
        try await upload.putOnce(Self.layout, at: "\(folder)/oci-layout", type: type)
        try await S3ImageIndex(client, upload, folder: folder).add(
            Descriptor(mediaType: MediaType.imageManifest, content: artifact.manifest))
    }

    /// As `<prefix>/<app>/<digest>.attached/<digest of the document>.json`.
    package func attach(_ document: [UInt8], type: String, named name: String, to artifact: Artifact) async throws {
        let subject = artifact.zip?.descriptor.digest ?? artifact.digest
        let key = "\(folder)/\(subject.hex).attached/\(Digest.sha256(of: document).hex).json"
        try await upload.putOnce(document, at: key, type: type)
    }

    /// The documents that were attached to the artifact, each held against its name.
    ///
    /// - Parameter subject: the digest of the ZIP or of the image's manifest.
    package func attachments(to subject: Digest) async throws -> [[UInt8]] {
        let prefix = "\(folder)/\(subject.hex).attached/"
        let reply = try await client.send("GET", "", query: [("list-type", "2"), ("prefix", prefix)])
        guard reply.status == 200 else { throw client.error(reply) }
        var documents: [[UInt8]] = []
        for key in XMLText(reply.body).all("Key") where key.hasPrefix(prefix) && key.hasSuffix(".json") {
            guard let digest = Digest("sha256:\(key.dropFirst(prefix.count).dropLast(5))") else { continue }
            var bytes: [UInt8] = []
            try await download(key, digest) { bytes += $0 }
            documents.append(bytes)
        }
        return documents
    }

    /// The size of a ZIP in bytes; nil where the store does not say.
    package func size(ofZip digest: Digest) async throws -> Int64? {
        let reply = try await client.send("HEAD", zipKey(digest))
        if reply.status == 404 { throw S3Error.missing(bucket: client.location.bucket, key: zipKey(digest)) }
        guard reply.status == 200 else { throw client.error(reply) }
        return reply.header("Content-Length").flatMap { Int64($0) }
    }

    /// URLs under which the platform may fetch the artifact without a key, by the digest of each part: the ZIP, or an
    /// image's manifest, configuration and layers.
    ///
    /// They are secrets as long as they work.
    package func presignedURLs(for artifact: Artifact, seconds: Int) async throws -> [String: String]? {
        let keys =
            artifact.zip.map { [$0.descriptor.digest: zipKey($0.descriptor.digest)] }
            ?? Dictionary(
                uniqueKeysWithValues: Set(
                    [artifact.digest, artifact.configurationDescriptor.digest]
                        + artifact.layers.map(\.descriptor.digest)
                ).map { ($0, blobKey($0)) })
        var urls: [String: String] = [:]
        for (digest, key) in keys {
            urls[digest.description] = try await client.presignedURL(key, seconds: seconds)
        }
        return urls
    }

    /// Brings a ZIP back, piece by piece.
    ///
    /// - Throws: ``S3Error/damaged(key:)`` at the end when it is not what its digest says.
    package func download(zip digest: Digest, _ onChunk: ([UInt8]) async throws -> Void) async throws {
        try await download(zipKey(digest), digest, onChunk)
    }

    /// Brings a part of an image back, as a ZIP.
    package func download(blob digest: Digest, _ onChunk: ([UInt8]) async throws -> Void) async throws {
        try await download(blobKey(digest), digest, onChunk)
    }

    private func download(
        _ key: String, _ digest: Digest, _ onChunk: ([UInt8]) async throws -> Void
    ) async throws {
        var writer = DigestWriter()
        do {
            try await client.download(key) { chunk in
                writer.update(chunk)
                try await onChunk(chunk)
            }
        } catch S3Error.refused(let bucket, 404, "NoSuchKey", _) {
            throw S3Error.missing(bucket: bucket, key: key)
        }
        guard writer.finalize() == digest else { throw S3Error.damaged(key: key) }
    }
}
