package import Artifacts
package import HTTPTransport
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// Reads images from a registry: resolves a reference to the manifest of one platform, and brings layers to files.
package struct ImageSource: Sendable {
    private let reference: ImageReference
    private let session: RegistrySession
    private let folder: String
    private let policy: RetryPolicy

    /// - Parameters:
    ///   - environment: the user's variables, which say where credentials are.
    ///   - folder: where layers are kept, under `<digest>.layer`.
    package init(
        _ reference: ImageReference, environment: [String: String] = [:], transport: HTTPTransport, folder: String,
        policy: RetryPolicy = .standard
    ) {
        self.reference = reference
        session = RegistrySession(reference, environment: environment, transport: transport)
        self.folder = folder
        self.policy = policy
    }

    /// Resolves the reference; layers are fetched when somebody needs their bytes, and not before.
    package func resolve(for platform: Platform) async throws -> BaseImage {
        let (bytes, digest) = try await manifest(for: platform)
        guard let manifest = try? CanonicalJSON.decode(ImageManifest.self, from: bytes) else {
            throw Failure.unreadable("\(reference) has no image manifest")
        }
        let configuration = try await configuration(manifest.config.digest)
        guard configuration.os == platform.os, configuration.architecture == platform.architecture else {
            throw Failure.noPlatform(
                reference.description, offered: ["\(configuration.os)/\(configuration.architecture)"])
        }
        return BaseImage(
            digest: digest, configuration: configuration,
            layers: manifest.layers.map { descriptor in
                .init(
                    descriptor: descriptor, source: .onDemand { try await fetch($0) },
                    origin: .init(host: reference.host, repository: reference.repository))
            })
    }

    /// Follows an image index to the manifest of the platform; every answer is held against its digest.
    private func manifest(for platform: Platform) async throws -> ([UInt8], Digest) {
        var version = reference.version
        for _ in 0..<3 {
            let reply = try await session.read(
                "GET", "manifests/\(version)", accept: MediaType.resolvable.joined(separator: ", "))
            if reply.status == 404 { throw Failure.notFound(reference.description) }
            guard reply.status == 200 else { throw await session.error(reply) }
            let digest = Digest.sha256(of: reply.body)
            guard !version.hasPrefix("sha256:") || version == digest.description else {
                throw Failure.unreadable("the manifest of \(reference) is not what its digest says")
            }
            let type = reply.header("Content-Type").map { String($0.prefix { $0 != ";" }) } ?? ""
            guard MediaType.isIndex(type) else { return (reply.body, digest) }
            guard let index = try? CanonicalJSON.decode(ImageIndex.self, from: reply.body) else {
                throw Failure.unreadable("the image index of \(reference) is damaged")
            }
            guard let found = index.manifest(for: platform) else {
                let offered = index.manifests.compactMap { $0.platform.map { "\($0.os)/\($0.architecture)" } }
                throw Failure.noPlatform(reference.description, offered: offered)
            }
            version = found.digest.description
        }
        throw Failure.unreadable("\(reference) is an image index of image indexes")
    }

    private func configuration(_ digest: Digest) async throws -> ImageConfiguration {
        let blob = try await session.read("GET", "blobs/\(digest)")
        guard blob.status == 200, Digest.sha256(of: blob.body) == digest,
            let configuration = try? CanonicalJSON.decode(ImageConfiguration.self, from: blob.body)
        else { throw Failure.unreadable("the configuration of \(reference) is damaged") }
        return configuration
    }

    /// Brings a layer to its file, checked against its digest; one that is there is taken as it is.
    private func fetch(_ layer: Descriptor) async throws -> String {
        let path = "\(folder)/\(layer.digest.hex).layer"
        for attempt in 1... {
            if (try? Stat(path))?.size == layer.size { return path }
            do {
                try await download(layer, to: path)
            } catch let error as RegistryError where error.isTransient && attempt < policy.attempts {
                try await Task.sleep(for: policy.delay(after: attempt, asked: nil))
            }
        }
        throw CancellationError()
    }

    private func download(_ layer: Descriptor, to path: String) async throws {
        let partial = "\(folder)/partial-\(getpid())-\(UInt64.random(in: .min ... .max))"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError(call: "open", path: partial, errno: errno) }
        defer {
            close(descriptor)
            unlink(partial)
        }
        var digest = DigestWriter()
        try await session.download("blobs/\(layer.digest)") { chunk in
            digest.update(chunk)
            guard write(descriptor, chunk, chunk.count) == chunk.count else {
                throw SystemError(call: "write", path: partial, errno: errno)
            }
        }
        guard digest.finalize() == layer.digest else {
            throw Failure.unreadable("the layer \(layer.digest) of \(reference) is not what its digest says")
        }
        guard rename(partial, path) == 0 else { throw SystemError(call: "rename", path: path, errno: errno) }
    }
}
