internal import Artifacts
internal import Diagnostics
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import PlatformAPI

#if canImport(Glibc)
    internal import Glibc
#endif

/// The registry under `/v2`, so that `docker`, `podman` and `skopeo` can read and write it (OCI distribution-spec 1.1).
///
/// A repository is an app: `<user>/<app>`.
struct RegistryRoutes: Sendable {
    /// An error in the registry's own form (distribution-spec, "Error codes").
    struct RegistryError: Error, HTTPResponseError {
        let status: HTTPResponse.Status
        let code: String
        let message: String

        func response(from request: Request, context: some RequestContext) throws -> Response {
            try json(["errors": [["code": code, "message": message]]], status: status)
        }
    }

    let ledger: Ledger
    let blobs: BlobStore

    func add(to router: some RouterMethods<PlatformContext>) {
        let base = "/v2/{user}/{app}"
        router.get("/v2") { _, _ in Response(status: .ok, headers: Self.version) }
        route(router, .post, "\(base)/blobs/uploads") { try await begin($0, $1) }
        route(router, .get, "\(base)/blobs/uploads/{upload}") { try await progress($0, $1) }
        route(router, .patch, "\(base)/blobs/uploads/{upload}") { try await append($0, $1) }
        route(router, .put, "\(base)/blobs/uploads/{upload}") { try await finish($0, $1) }
        route(router, .delete, "\(base)/blobs/uploads/{upload}") { try await cancel($0, $1) }
        route(router, .get, "\(base)/blobs/{digest}") { try await blob($0, $1) }
        route(router, .head, "\(base)/blobs/{digest}") { try await blob($0, $1) }
        route(router, .get, "\(base)/manifests/{reference}") { try await manifest($0, $1) }
        route(router, .head, "\(base)/manifests/{reference}") { try await manifest($0, $1) }
        route(router, .put, "\(base)/manifests/{reference}") { try await putManifest($0, $1) }
        route(router, .get, "\(base)/tags/list") { request, context in
            let name = try context.app().description
            return try json(TagList(name: name, tags: try await ledger.tags(of: name)))
        }
    }

    private struct TagList: Encodable {
        let name: String
        let tags: [String]
    }

    private static let version: HTTPFields = [HTTPField.Name("Docker-Distribution-API-Version")!: "registry/2.0"]
    static let contentDigest = HTTPField.Name("Docker-Content-Digest")!

    /// Adds a route whose errors are answered in the registry's form.
    private func route(
        _ router: some RouterMethods<PlatformContext>, _ method: HTTPRequest.Method, _ path: String,
        _ handler: @escaping @Sendable (Request, PlatformContext) async throws -> Response
    ) {
        router.on(RouterPath(path), method: method) { request, context in
            do {
                guard let app = try? context.app(), try await ledger.app(app) != nil else {
                    throw RegistryError(status: .notFound, code: "NAME_UNKNOWN", message: "there is no such app")
                }
                return try await handler(request, context)
            } catch let error as RegistryError {
                return try error.response(from: request, context: context)
            } catch let error as BlobStore.Failure {
                return try Self.translate(error).response(from: request, context: context)
            }
        }
    }

    private static func translate(_ failure: BlobStore.Failure) -> RegistryError {
        switch failure {
        case .digestMismatch(let actual):
            RegistryError(status: .badRequest, code: "DIGEST_INVALID", message: "the content's digest is \(actual)")
        case .unknownUpload:
            RegistryError(status: .notFound, code: "BLOB_UPLOAD_UNKNOWN", message: "there is no such upload")
        case .noSpace:
            RegistryError(status: .init(code: 507), code: "DENIED", message: "no space is left on the platform")
        case .io(let why): RegistryError(status: .internalServerError, code: "UNKNOWN", message: why)
        }
    }
}

/// Blob uploads: POST and one PUT, or POST, PATCH…, PUT.
extension RegistryRoutes {
    private func begin(_ request: Request, _ context: PlatformContext) async throws -> Response {
        let app = try context.app()
        let query = request.uri.queryParameters
        if let mount = query.get("mount"), let digest = Digest(mount), blobs.size(of: digest) != nil {
            return created(digest, app)
        }
        let upload = try blobs.beginUpload()
        guard let wanted = query.get("digest") else { return accepted(upload, app, received: 0) }
        try await receive(request, into: upload)
        return try await end(upload, wanted, app)
    }

    private func progress(_ request: Request, _ context: PlatformContext) async throws -> Response {
        let upload = try context.parameters.require("upload")
        let received = try blobs.received(by: upload)
        return accepted(upload, try context.app(), received: received, status: .noContent)
    }

    private func append(_ request: Request, _ context: PlatformContext) async throws -> Response {
        let upload = try context.parameters.require("upload")
        let present = try blobs.received(by: upload)
        if let range = request.headers[.contentRange], Int64(range.prefix { $0 != "-" }) != present {
            return accepted(upload, try context.app(), received: present, status: .rangeNotSatisfiable)
        }
        try await receive(request, into: upload)
        return accepted(upload, try context.app(), received: try blobs.received(by: upload))
    }

    private func finish(_ request: Request, _ context: PlatformContext) async throws -> Response {
        let upload = try context.parameters.require("upload")
        guard let wanted = request.uri.queryParameters.get("digest") else {
            throw RegistryError(status: .badRequest, code: "DIGEST_INVALID", message: "the digest is missing")
        }
        try await receive(request, into: upload)
        return try await end(upload, wanted, try context.app())
    }

    private func cancel(_ request: Request, _ context: PlatformContext) async throws -> Response {
        blobs.cancel(try context.parameters.require("upload"))
        return Response(status: .noContent)
    }

    /// An upload whose body breaks off, or for which no space is left, is removed at once.
    private func receive(_ request: Request, into upload: String) async throws {
        do {
            for try await chunk in request.body {
                try chunk.withUnsafeReadableBytes { bytes in try blobs.append(bytes, to: upload) }
            }
        } catch {
            blobs.cancel(upload)
            throw error
        }
    }

    private func end(_ upload: String, _ wanted: String, _ app: AppID) async throws -> Response {
        guard let digest = Digest(wanted) else {
            throw RegistryError(status: .badRequest, code: "DIGEST_INVALID", message: "only sha256 digests are known")
        }
        let blobs = blobs
        try await Blocking.run { try blobs.finish(upload, as: digest) }
        return created(digest, app)
    }

    private func created(_ digest: Digest, _ app: AppID) -> Response {
        Response(
            status: .created,
            headers: [.location: "/v2/\(app)/blobs/\(digest)", Self.contentDigest: digest.description])
    }

    private func accepted(
        _ upload: String, _ app: AppID, received: Int64, status: HTTPResponse.Status = .accepted
    ) -> Response {
        Response(
            status: status,
            headers: [
                .location: "/v2/\(app)/blobs/uploads/\(upload)", .range: "0-\(max(received - 1, 0))",
                HTTPField.Name("Docker-Upload-UUID")!: upload,
            ])
    }
}

/// Blobs and manifests.
extension RegistryRoutes {
    private func blob(_ request: Request, _ context: PlatformContext) async throws -> Response {
        guard let digest = Digest(try context.parameters.require("digest")), let size = blobs.size(of: digest) else {
            throw RegistryError(status: .notFound, code: "BLOB_UNKNOWN", message: "there is no such blob")
        }
        let headers: HTTPFields = [
            .contentType: "application/octet-stream", .contentLength: String(size),
            Self.contentDigest: digest.description,
        ]
        if request.method == .head { return Response(status: .ok, headers: headers) }
        let path = blobs.path(of: digest)
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(contentLength: Int(size)) { writer in
                let descriptor = open(path, O_RDONLY | O_CLOEXEC)
                guard descriptor >= 0 else { throw BlobStore.Failure.fromErrno() }
                defer { close(descriptor) }
                var buffer = [UInt8](repeating: 0, count: 256 << 10)
                while true {
                    let count = read(descriptor, &buffer, buffer.count)
                    guard count >= 0 else { throw BlobStore.Failure.fromErrno() }
                    if count == 0 { break }
                    try await writer.write(ByteBuffer(bytes: buffer[..<count]))
                }
                try await writer.finish(nil)
            })
    }

    private func manifest(_ request: Request, _ context: PlatformContext) async throws -> Response {
        let reference = try context.parameters.require("reference")
        guard let found = try await ledger.manifest(reference, in: try context.app().description),
            let digest = Digest(found.digest), let bytes = blobs.load(digest), (try? requireBlobs(of: bytes)) != nil
        else { throw RegistryError(status: .notFound, code: "MANIFEST_UNKNOWN", message: "there is no such manifest") }
        let headers: HTTPFields = [
            .contentType: found.mediaType, .contentLength: String(bytes.count), Self.contentDigest: found.digest,
        ]
        if request.method == .head { return Response(status: .ok, headers: headers) }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private func putManifest(_ request: Request, _ context: PlatformContext) async throws -> Response {
        let reference = try context.parameters.require("reference")
        let app = try context.app()
        let bytes: [UInt8]
        do {
            bytes = Array(try await request.body.collect(upTo: Limits.manifestBytes).readableBytesView)
        } catch {
            throw RegistryError(status: .contentTooLarge, code: "SIZE_INVALID", message: "a manifest has at most 4 MiB")
        }
        try requireBlobs(of: bytes)
        let digest = Digest.sha256(of: bytes)
        if reference.hasPrefix("sha256:"), reference != digest.description {
            throw RegistryError(
                status: .badRequest, code: "DIGEST_INVALID", message: "the manifest's digest is \(digest)")
        }
        _ = try blobs.store(bytes)
        let mediaType = request.headers[.contentType] ?? MediaType.imageManifest
        for name in Set([reference, digest.description]) {
            try await ledger.setTag(name, in: app.description, digest: digest.description, mediaType: mediaType)
        }
        return Response(
            status: .created,
            headers: [.location: "/v2/\(app)/manifests/\(digest)", Self.contentDigest: digest.description])
    }

    /// A manifest is taken, and shown, only when everything that it names is here.
    private func requireBlobs(of manifest: [UInt8]) throws {
        for descriptor in try named(by: manifest) where blobs.size(of: descriptor.digest) != descriptor.size {
            // Whoever asks for it next must hear that it is missing, or it would never be uploaded again.
            blobs.removeIfDamaged(descriptor.digest)
            throw RegistryError(
                status: .badRequest, code: "MANIFEST_BLOB_UNKNOWN",
                message: "\(descriptor.digest) has not been uploaded")
        }
    }
    /// What a manifest consists of, or the manifests of an index.
    private func named(by manifest: [UInt8]) throws -> [Descriptor] {
        if let index = try? CanonicalJSON.decode(ImageIndex.self, from: manifest), !index.manifests.isEmpty {
            return index.manifests
        }
        guard let image = try? CanonicalJSON.decode(ImageManifest.self, from: manifest) else {
            throw RegistryError(status: .badRequest, code: "MANIFEST_INVALID", message: "this is not an image manifest")
        }
        return [image.config] + image.layers
    }
}
