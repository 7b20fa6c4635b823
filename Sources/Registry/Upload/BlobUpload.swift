internal import Artifacts
internal import HTTPTransport
internal import Synchronization

/// Sends blobs to one repository: by mount where it can be, by one request or POST and PUT, in parts where it must be.
///
/// What may be lost is an answer as well as a blob, so after a failure the blob is looked for before it is sent again.
final class BlobUpload: Sendable {
    /// Up to this many bytes a blob goes along with the POST.
    private static let singlePostLimit: Int64 = 1 << 20
    private static let partSize: Int64 = 16 << 20
    private static let attempts = 5
    private static let mostLanes = 4
    /// After so many blobs without trouble one more may be under way.
    private static let blobsPerLane = 8

    private let session: RegistrySession
    private let scope: TokenSource.Scope
    private let policy: RetryPolicy
    private let state = Mutex(State())

    private struct State {
        /// Registries without it answer 202 and take the blob by PUT.
        var takesSinglePost = true
        /// What stands before the registry takes no body of this size.
        var largestBody = Int64.max
        var lanes = BlobUpload.mostLanes
        /// Blobs that arrived since the number of lanes last changed.
        var arrived = 0
    }

    /// - Parameter sources: repositories of the same registry that blobs may be taken over from.
    init(_ session: RegistrySession, sources: [String], policy: RetryPolicy) {
        self.session = session
        self.policy = policy
        scope = TokenSource.Scope(session.repository, "pull,push", mountingFrom: sources)
    }

    /// How many blobs may be under way: four, half as many each time the registry is overtaxed, and then one more for
    /// each eight that arrive.
    var lanes: Int { state.withLock { $0.lanes } }

    private func noteArrival() {
        state.withLock { state in
            state.arrived += 1
            if state.arrived >= Self.blobsPerLane, state.lanes < Self.mostLanes {
                (state.lanes, state.arrived) = (state.lanes + 1, 0)
            }
        }
    }

    private func noteTrouble() {
        state.withLock { state in (state.lanes, state.arrived) = (max(1, state.lanes / 2), 0) }
    }

    func contains(_ digest: Digest) async throws -> Bool {
        let reply = try await session.send(
            Exchange("HEAD", session.url("blobs/\(digest)")), scope, retry: policy)
        if reply.status == 404 { return false }
        // Some registries send readers on to where the blob is.
        if reply.status == 200 || [301, 302, 303, 307, 308].contains(reply.status) { return true }
        throw await session.error(reply)
    }

    /// Asks the registry to take the blob over from another repository; false when it does not.
    func mount(_ digest: Digest, from repository: String) async throws -> Bool {
        let query = FormEncoding.encode([("mount", digest.description), ("from", repository)])
        let reply: Reply
        do {
            reply = try await session.send(Exchange("POST", session.url("blobs/uploads/?\(query)")), scope)
        } catch RegistryError.unreachable {
            return false
        }
        // 202 began an upload that nobody needs; it is taken back, as far as the registry lets us.
        if reply.status == 202, let location = reply.header("Location"),
            let target = try? session.target(location, from: session.url("blobs/uploads/"))
        {
            _ = try? await session.send(Exchange("DELETE", target, deadline: .seconds(5)), scope)
        }
        return reply.status == 201
    }

    /// Sends a blob, as often as it takes; `body` is asked for anew each time.
    func put(_ descriptor: Descriptor, body: () async throws -> Exchange.Body) async throws {
        for attempt in 1... {
            var asked: Int?
            do {
                let reply = try await attemptPut(descriptor, try await body())
                if reply.status == 201 || reply.status == 204 { return noteArrival() }
                guard isWorthAnother(reply), attempt < Self.attempts else { throw await session.error(reply) }
                asked = reply.retryAfter
            } catch let error as RegistryError {
                guard case .unreachable = error, attempt < Self.attempts else { throw error }
            }
            noteTrouble()
            try await Task.sleep(for: policy.delay(after: attempt, asked: asked))
            if try await contains(descriptor.digest) { return }
        }
    }

    private func isWorthAnother(_ reply: Reply) -> Bool {
        if reply.status == 413 { return state.withLock { $0.largestBody } == Self.partSize }
        return RetryPolicy.isTransient(reply.status) || reply.status == 499 || reply.status == 416
            || (reply.status == 404 && RegistrySession.code(reply) == "BLOB_UPLOAD_UNKNOWN")
    }

    private func attemptPut(_ descriptor: Descriptor, _ body: Exchange.Body) async throws -> Reply {
        let (single, largest) = state.withLock { ($0.takesSinglePost, $0.largestBody) }
        let isSingle = single && descriptor.size <= Self.singlePostLimit
        let begun: Reply
        do {
            begun = try await begin(descriptor, body, single: isSingle)
        } catch RegistryError.unreachable {
            // A server that answers HEAD with a body spoils the connection for who comes next.
            begun = try await begin(descriptor, body, single: isSingle)
        }
        guard begun.status == 202, let location = begun.header("Location") else { return begun }
        let target = try session.target(location, from: session.url("blobs/uploads/"))
        if descriptor.size > largest { return try await sendParts(descriptor, body, to: target) }
        let reply = try await session.send(
            Exchange(
                "PUT", with(target, descriptor.digest), headers: [("Content-Type", "application/octet-stream")],
                body: body, deadline: RegistrySession.transferDeadline), scope)
        if reply.status == 413, largest > Self.partSize, descriptor.size > Self.partSize {
            state.withLock { $0.largestBody = Self.partSize }
        }
        return reply
    }

    private func begin(_ descriptor: Descriptor, _ body: Exchange.Body, single: Bool) async throws -> Reply {
        guard single else { return try await session.send(Exchange("POST", session.url("blobs/uploads/")), scope) }
        let reply = try await session.send(
            Exchange(
                "POST", session.url("blobs/uploads/?digest=\(descriptor.digest)"),
                headers: [("Content-Type", "application/octet-stream")], body: body,
                deadline: RegistrySession.transferDeadline), scope)
        if reply.status == 202 { state.withLock { $0.takesSinglePost = false } }
        return reply
    }

    /// Sends a file in parts. We keep count ourselves: not every registry's `Range` goes on.
    private func sendParts(_ descriptor: Descriptor, _ body: Exchange.Body, to location: String) async throws -> Reply {
        var location = location
        for offset in stride(from: 0, to: descriptor.size, by: Int(Self.partSize)) {
            let size = min(Self.partSize, descriptor.size - offset)
            let headers = [
                ("Content-Type", "application/octet-stream"), ("Content-Range", "\(offset)-\(offset + size - 1)"),
            ]
            let reply = try await session.send(
                Exchange(
                    "PATCH", location, headers: headers, body: body.part(offset, size),
                    deadline: RegistrySession.transferDeadline), scope)
            guard reply.status == 202 || reply.status == 201 else { return reply }
            if let next = reply.header("Location") { location = try session.target(next, from: location) }
        }
        return try await session.send(Exchange("PUT", with(location, descriptor.digest)), scope)
    }

    private func with(_ location: String, _ digest: Digest) -> String {
        location + (location.contains("?") ? "&" : "?") + "digest=\(FormEncoding.escape(digest.description))"
    }
}

extension Exchange.Body {
    fileprivate func part(_ offset: Int64, _ size: Int64) -> Exchange.Body {
        switch self {
        case .none: .none
        case .bytes(let bytes): .bytes(Array(bytes[Int(offset)..<Int(offset + size)]))
        case .file(let path, _): .part(path: path, offset: offset, size: size)
        case .part(let path, let start, _): .part(path: path, offset: start + offset, size: size)
        }
    }
}
