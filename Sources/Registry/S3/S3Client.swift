internal import Artifacts
internal import HTTPTransport
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// Requests to one bucket: signed, tried again where that is safe, sent to the region that the bucket is in.
final class S3Client: Sendable {
    /// Whether an object may be there already.
    enum Condition: Equatable {
        case none
        /// Written only where nothing is.
        case absent
        /// Written only over what has this entity tag.
        case unchanged(String)
    }

    private struct State {
        var credentials: S3Credentials?
        var region: String?
        /// The bucket answered in the region that requests are signed for.
        var isRegionSure = false
    }

    let location: S3Location
    private let chain: S3CredentialChain
    private let transport: HTTPTransport
    private let state = Mutex(State())
    private let now: @Sendable () -> Int64

    init(
        _ location: S3Location, environment: [String: String], transport: HTTPTransport,
        now: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }
    ) {
        self.location = location
        chain = S3CredentialChain(environment: environment, transport: transport)
        self.transport = transport
        self.now = now
    }

    /// One request for a key.
    ///
    /// - Parameter payload: the SHA-256 of the body in hexadecimal digits.
    func send(
        _ method: String, _ key: String, query: [(String, String)] = [],
        headers: [(name: String, value: String)] = [], body: Exchange.Body = .none, payload: String? = nil
    ) async throws -> Reply {
        let hash = payload ?? Digest.sha256(of: body.bytes).hex
        return try await inItsRegion {
            try await transport.send(try await exchange(method, key, query, headers, body, hash))
        }
    }

    /// Hands over the content of an object piece by piece.
    func download(_ key: String, _ onChunk: ([UInt8]) async throws -> Void) async throws {
        let reply = try await inItsRegion {
            let exchange = try await exchange("GET", key, [], [], .none, Digest.sha256(of: []).hex)
            return try await transport.stream(exchange) { chunk in
                try await onChunk(chunk)
                return true
            }
        }
        guard reply.status == 200 else { throw error(reply) }
    }

    /// Makes a request again, signed for the region that the answer names, when the bucket is in another.
    private func inItsRegion(_ perform: () async throws -> Reply) async throws -> Reply {
        for attempt in 1... {
            let reply: Reply
            do {
                reply = try await perform()
            } catch let error as TransportError {
                throw error.kind == .unreadableFile
                    ? S3Error.unreadableFile(error.detail)
                    : S3Error.unreachable(bucket: location.bucket, detail: error.detail)
            }
            guard attempt < 3, let region = Self.redirection(reply), region != state.withLock({ $0.region }) else {
                state.withLock { $0.isRegionSure = true }
                return reply
            }
            state.withLock { $0.region = region }
        }
        throw CancellationError()
    }

    /// A URL under which anybody may read the object for so many seconds.
    func presignedURL(_ key: String, seconds: Int) async throws -> String {
        // A URL cannot be signed again by who is sent to another region.
        if !state.withLock({ $0.isRegionSure }) { _ = try await send("HEAD", key) }
        let signer = try await signer()
        let base = location.base(region: signer.region)
        let path = base.path + RequestSigner.path(key)
        return base.url + path + "?" + signer.presignedQuery("GET", host: base.host, path: path, seconds: seconds)
    }

    func error(_ reply: Reply) -> S3Error {
        let answer = XMLText(reply.body)
        let message = answer["Message"] ?? "no reason given"
        let code = answer["Code"] ?? "no code"
        let isDenied = reply.status == 401 || reply.status == 403 || Self.keyTroubles.contains(code)
        if isDenied, let source = state.withLock({ $0.credentials?.source }) {
            return .denied(bucket: location.bucket, source: source, code: code, message: message)
        }
        return .refused(bucket: location.bucket, status: reply.status, code: code, message: message)
    }

    /// Codes of answers 400 that are about the key.
    private static let keyTroubles = ["ExpiredToken", "InvalidToken", "TokenRefreshRequired"]

    private func exchange(
        _ method: String, _ key: String, _ query: [(String, String)], _ headers: [(name: String, value: String)],
        _ body: Exchange.Body, _ payload: String
    ) async throws -> Exchange {
        let signer = try await signer()
        let base = location.base(region: signer.region)
        let path = base.path + RequestSigner.path(key)
        let signed = signer.headers(
            method, host: base.host, path: path, query: query, headers: headers, payload: payload)
        let text = query.isEmpty ? "" : "?" + RequestSigner.canonical(query)
        return Exchange(
            method, base.url + path + text, headers: signed, body: body, deadline: RegistrySession.transferDeadline)
    }

    private func signer() async throws -> RequestSigner {
        let known = state.withLock { $0 }
        let time = now()
        let credentials: S3Credentials
        if let found = known.credentials, found.lasts(at: time) {
            credentials = found
        } else {
            guard let found = try await chain.find() else {
                throw S3Error.noCredentials("neither the environment nor a profile nor this machine has any")
            }
            state.withLock { $0.credentials = found }
            credentials = found
        }
        let region = known.region ?? location.region ?? chain.region ?? "us-east-1"
        return RequestSigner(credentials: credentials, region: region, time: time)
    }

    /// The region that an answer sends us to.
    private static func redirection(_ reply: Reply) -> String? {
        guard [301, 307, 400].contains(reply.status) else { return nil }
        if let region = reply.header("x-amz-bucket-region") { return region }
        return XMLText(reply.body)["Region"]
    }
}

extension Exchange.Body {
    fileprivate var bytes: [UInt8] { if case .bytes(let bytes) = self { bytes } else { [] } }
}
