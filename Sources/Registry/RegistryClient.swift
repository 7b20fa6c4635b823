package import Artifacts
internal import Diagnostics
package import HTTPTransport
internal import Synchronization

/// A repository of an OCI registry (distribution-spec 1.1): blobs by POST and one PUT, the manifest last.
///
/// What is there already is not sent. A PUT whose answer was lost is checked before it is made again.
package struct RegistryClient: ArtifactStore {
    /// Uploads at a time; more cost the registry more than they gain.
    private static let parallelUploads = 4
    /// Up to this many bytes a blob may be sent twice rather than wait for another answer.
    private static let singlePostLimit: Int64 = 1 << 20

    private let baseURL: String
    private let repository: String
    private let authorization: String?
    private let transport: HTTPTransport

    /// - Parameters:
    ///   - baseURL: scheme, host and port, without a path.
    ///   - repository: the name below `/v2/`.
    ///   - token: sent as a bearer token when it is not nil.
    package init(baseURL: String, repository: String, token: String?, transport: HTTPTransport) {
        self.baseURL = baseURL
        self.repository = repository
        self.authorization = token.map { "Bearer \($0)" }
        self.transport = transport
    }

    package func reference(to digest: Digest) -> String { "\(repository)@\(digest)" }

    package func contains(_ digest: Digest) async throws -> Bool {
        let reply = try await send(
            "HEAD", "/v2/\(repository)/manifests/\(digest)", headers: [("Accept", MediaType.imageManifest)])
        if reply.status == 200 { return true }
        if reply.status == 404 { return false }
        throw error(reply)
    }

    package func upload(
        _ artifact: Artifact, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> UploadSummary {
        var summary = UploadSummary(sentLayers: 0, layers: artifact.layers.count, sentBytes: 0)
        let blobs = Self.distinct(artifact.layers)
        var done = 0
        try await withThrowingTaskGroup(of: Int64?.self) { group in
            var rest = blobs[...]
            for _ in 0..<Self.parallelUploads {
                guard let layer = rest.popFirst() else { break }
                group.addTask { try await self.upload(layer) }
            }
            while let sent = try await group.next() {
                done += 1
                if let sent {
                    summary.sentLayers += 1
                    summary.sentBytes += sent
                }
                progress(done, blobs.count)
                if let layer = rest.popFirst() { group.addTask { try await self.upload(layer) } }
            }
        }
        if try await !hasBlob(artifact.configurationDescriptor.digest) {
            try await put(.bytes(artifact.configuration), as: artifact.configurationDescriptor)
        }
        try await putManifest(artifact)
        return summary
    }

    /// Equal layers are one blob.
    private static func distinct(_ layers: [Artifact.Layer]) -> [Artifact.Layer] {
        var seen: Set<Digest> = []
        return layers.filter { seen.insert($0.descriptor.digest).inserted }
    }

    /// The bytes sent, or nil when the layer was there.
    private func upload(_ layer: Artifact.Layer) async throws -> Int64? {
        if try await hasBlob(layer.descriptor.digest) { return nil }
        try await put(.file(path: layer.file(), size: layer.descriptor.size), as: layer.descriptor)
        return layer.descriptor.size
    }

    private func hasBlob(_ digest: Digest) async throws -> Bool {
        let reply = try await send("HEAD", "/v2/\(repository)/blobs/\(digest)")
        if reply.status == 200 { return true }
        if reply.status == 404 { return false }
        throw error(reply)
    }

    private func put(_ body: Exchange.Body, as descriptor: Descriptor) async throws {
        var attempt = 1
        while true {
            do {
                let begun = try await begin(body, descriptor)
                if begun.status == 201 { return }
                guard begun.status == 202, let location = begun.header("Location") else { throw error(begun) }
                let reply = try await transport.send(
                    exchange("PUT", try upload(location, descriptor.digest), body: body, deadline: .seconds(1800)),
                    retry: .never)
                if reply.status == 201 || reply.status == 204 { return }
                guard reply.status >= 500, reply.status != 507, attempt < 4 else { throw error(reply) }
            } catch let failure as TransportError {
                guard attempt < 4, failure.kind != .unreadableFile else { throw translate(failure) }
            }
            // The answer may be what was lost, and not the blob.
            if try await hasBlob(descriptor.digest) { return }
            try await Task.sleep(for: .milliseconds(300) * attempt)
            attempt += 1
        }
    }

    /// Begins an upload. A small blob goes along: registries that take it so need no second request, the others ask for
    /// it again (distribution-spec, "Single POST").
    private func begin(_ body: Exchange.Body, _ descriptor: Descriptor) async throws -> Reply {
        let path = "/v2/\(repository)/blobs/uploads/"
        guard descriptor.size <= Self.singlePostLimit else { return try await send("POST", path) }
        return try await transport.send(
            exchange(
                "POST", "\(baseURL)\(path)?digest=\(descriptor.digest)",
                headers: [("Content-Type", "application/octet-stream")], body: body), retry: .never)
    }

    /// Where an upload goes on: the registry's own words, on the registry's own host alone.
    private func upload(_ location: String, _ digest: Digest) throws -> String {
        let absolute = location.hasPrefix("/") ? baseURL + location : location
        guard absolute.hasPrefix(baseURL + "/") else {
            throw RegistryError.refused(host: host, status: 202, message: "it sends uploads to another host")
        }
        return absolute + (absolute.contains("?") ? "&" : "?") + "digest=\(digest)"
    }

    private func putManifest(_ artifact: Artifact) async throws {
        let reply = try await send(
            "PUT", "/v2/\(repository)/manifests/\(artifact.digest)",
            headers: [("Content-Type", MediaType.imageManifest)], body: .bytes(artifact.manifest))
        guard reply.status == 201 else { throw error(reply) }
    }
}

/// Requests and what their failures mean.
extension RegistryClient {
    private var host: String { baseURL.split(separator: "/").dropFirst().first.map(String.init) ?? baseURL }

    private func exchange(
        _ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: Exchange.Body = .none,
        deadline: Duration = .seconds(30)
    ) -> Exchange {
        let credentials = authorization.map { [(name: "Authorization", value: $0)] } ?? []
        return Exchange(method, url, headers: headers + credentials, body: body, deadline: deadline)
    }

    private func send(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: Exchange.Body = .none
    ) async throws -> Reply {
        do {
            return try await transport.send(exchange(method, baseURL + path, headers: headers, body: body))
        } catch let failure as TransportError {
            throw translate(failure)
        }
    }

    private func translate(_ failure: TransportError) -> RegistryError {
        failure.kind == .unreadableFile
            ? .unreadableLayer(path: failure.detail) : .unreachable(host: host, detail: failure.description)
    }

    private func error(_ reply: Reply) -> RegistryError {
        switch reply.status {
        case 401, 403: return .unauthorized(host: host)
        case 507: return .noSpace(host: host)
        default:
            let answer = try? CanonicalJSON.decode(ErrorList.self, from: reply.body)
            let message = answer?.errors.first.map { $0.message ?? $0.code } ?? "no reason given"
            return .refused(host: host, status: reply.status, message: message)
        }
    }

    /// The registry's own form of errors (distribution-spec, "Error codes").
    private struct ErrorList: Decodable {
        struct Entry: Decodable {
            let code: String
            let message: String?
        }

        let errors: [Entry]
    }
}
