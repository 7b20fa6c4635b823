internal import Artifacts
internal import HTTPTransport

/// The list of the images of a layout, which several pushers may add to at once.
///
/// A store that writes only over what it was shown keeps them apart; for another that at least writes only where nothing
/// is, one object is the lock. Not every store looks and writes in one step, so what was written is read again.
struct S3ImageIndex: Sendable {
    private static let type = "application/json"
    private static let pause = RetryPolicy(attempts: 0, firstDelay: .milliseconds(20), longestDelay: .seconds(1))

    private let client: S3Client
    private let upload: S3Upload
    private let key: String
    /// How long the same lock may stand before its owner is taken for dead.
    private let patience: Duration

    init(_ client: S3Client, _ upload: S3Upload, folder: String, patience: Duration = .seconds(15)) {
        self.client = client
        self.upload = upload
        self.patience = patience
        key = "\(folder)/index.json"
    }

    private var lockKey: String { key + ".lock" }

    /// Adds an image, under a name by which readers of the layout can choose it.
    func add(_ manifest: Descriptor) async throws {
        for attempt in 1...20 {
            let (present, condition) = try await read()
            guard let bytes = try Self.adding(manifest, to: present) else { return }
            switch try await upload.put(bytes, at: key, type: Self.type, if: condition) {
            case .written: break
            case .unsupported: try await locked { try await addUnguarded(manifest) }
            case .refused: try await Task.sleep(for: Self.pause.delay(after: attempt, asked: nil))
            }
        }
        throw busy
    }

    private func addUnguarded(_ manifest: Descriptor) async throws {
        guard let bytes = try Self.adding(manifest, to: try await read().0) else { return }
        try await upload.put(bytes, at: key, type: Self.type)
    }

    private func read() async throws -> (ImageIndex, S3Client.Condition) {
        let reply = try await client.send("GET", key)
        if reply.status == 404 { return (ImageIndex(manifests: []), .absent) }
        guard reply.status == 200 else { throw client.error(reply) }
        guard let index = try? CanonicalJSON.decode(ImageIndex.self, from: reply.body) else {
            throw S3Error.damaged(key: key)
        }
        return (index, reply.header("ETag").map { .unchanged($0) } ?? .none)
    }

    /// The index with one image more; nil when that is in it.
    private static func adding(_ manifest: Descriptor, to present: ImageIndex) throws -> [UInt8]? {
        guard !present.manifests.contains(where: { $0.digest == manifest.digest }) else { return nil }
        var (index, entry) = (present, manifest)
        entry.annotations = ["org.opencontainers.image.ref.name": manifest.digest.hex]
        index.manifests = (index.manifests + [entry]).sorted { $0.digest.hex < $1.digest.hex }
        return try CanonicalJSON.encode(index)
    }

    private var busy: S3Error {
        .refused(
            bucket: client.location.bucket, status: 412, code: "PreconditionFailed",
            message: "others keep changing the index")
    }
}

/// The lock.
extension S3ImageIndex {
    private func locked(_ body: () async throws -> Void) async throws {
        let mark = Array("\(UInt64.random(in: .min ... .max))".utf8)
        guard try await takeLock(mark) else { return try await body() }
        do {
            try await body()
        } catch {
            await release(mark)
            throw error
        }
        await release(mark)
    }

    /// - Returns: false when the store knows no conditions at all: then there is no lock.
    private func takeLock(_ mark: [UInt8]) async throws -> Bool {
        var seen: (lock: [UInt8], since: ContinuousClock.Instant)?
        for attempt in 1... {
            switch try await upload.put(mark, at: lockKey, type: "text/plain", if: .absent) {
            case .unsupported: return false
            case .written, .refused: break
            }
            let present = try await client.send("GET", lockKey)
            if present.status == 200 {
                if present.body == mark { return true }
                if let seen, seen.lock == present.body {
                    if seen.since.duration(to: .now) >= patience { await release(present.body) }
                } else {
                    seen = (present.body, .now)
                }
            } else if present.status != 404 {
                throw client.error(present)
            }
            try await Task.sleep(for: Self.pause.delay(after: min(attempt, 4), asked: nil))
        }
        throw CancellationError()
    }

    /// Removes the lock while it is the one with this mark.
    private func release(_ mark: [UInt8]) async {
        for attempt in 1...3 {
            guard let present = try? await client.send("GET", lockKey), present.status == 200, present.body == mark
            else { return }
            let headers = present.header("ETag").map { [(name: "if-match", value: $0)] } ?? []
            let reply = try? await client.send("DELETE", lockKey, headers: headers)
            if let reply, (200..<300).contains(reply.status) { return }
            try? await Task.sleep(for: Self.pause.delay(after: attempt, asked: nil))
        }
    }
}
