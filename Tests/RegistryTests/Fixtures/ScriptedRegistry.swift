import Artifacts
import Foundation
import NIOHTTP1
import Synchronization

/// A registry in memory that behaves as some registries are reported to, and keeps a log.
final class ScriptedRegistry: Sendable {
    /// What is odd about it.
    struct Quirks: Sendable {
        /// Answers a POST with the blob in it by 201.
        var takesSinglePost = true
        /// Mounts blobs that any repository has.
        var mounts = true
        /// Wants a token of its token server; each is good for so many requests.
        var requestsPerToken: Int?
        /// The seconds that each token says it lives.
        var tokenLife = 300
        /// Wants this name and password, by Basic or at the token server.
        var login: String?
        /// Names this token server instead of its own.
        var realm: String?
        /// Takes PATCH at all, and answers it with this status.
        var patchStatus: Int? = 202
        /// The largest body of one request.
        var largestBody = Int.max
        /// Has the referrers API.
        var referrers = false
        /// Answers for the first requests whose method and path begin so.
        var first: [(prefix: String, times: Int, answer: HTTPPeer.Answer)] = []
        /// Takes the blob of the first commit and loses its answer.
        var losesFirstCommit = false
        /// Where uploads are sent to, instead of the registry itself.
        var uploadLocation: String?
        /// Where readers of blobs are sent to.
        var blobLocation: String?
        /// Sees blobs in manifests so many tries late.
        var blindManifests = 0
        /// Tags cannot be moved.
        var immutableTags = false
        /// Says this in headers of uploads: a scheme that the client does not use.
        var absoluteScheme: String?
        /// Takes images alone, no other artifacts.
        var refusesArtifacts = false
    }

    private struct State {
        var quirks: Quirks
        var log: [String] = []
        var authorizations: [String] = []
        var blobs: [String: [UInt8]] = [:]
        var manifests: [String: (type: String, bytes: [UInt8])] = [:]
        var uploads: [String: [UInt8]] = [:]
        var tokens: [String: Int] = [:]
        var count = 0
        var inFlight = 0
        var mostInFlight = 0
    }

    private let state: Mutex<State>

    init(_ quirks: Quirks = Quirks()) {
        state = Mutex(State(quirks: quirks))
    }

    /// What was asked, as `METHOD path?query`, with digests cut short.
    var log: [String] { state.withLock { $0.log } }
    var blobs: [String: [UInt8]] { state.withLock { $0.blobs } }
    var manifests: [String] { state.withLock { $0.manifests.keys.sorted() } }
    var authorizations: [String] { state.withLock { $0.authorizations } }
    var mostInFlight: Int { state.withLock { $0.mostInFlight } }

    func forget() { state.withLock { $0.log = [] } }
    func change(_ body: (inout Quirks) -> Void) { state.withLock { body(&$0.quirks) } }
    func remove(blob: [UInt8]) { state.withLock { $0.blobs[Digest.sha256(of: blob).description] = nil } }
    func add(blob: [UInt8]) { state.withLock { $0.blobs[Digest.sha256(of: blob).description] = blob } }

    /// Servers live as long as the process: a test's last word to one need not be the last that it is asked.
    private static let running = Mutex<[HTTPPeer]>([])

    /// - Parameters:
    ///   - early: what is answered before the body is read, by what stands before the registry.
    ///   - hold: awaited with each request before it is answered.
    func start(
        early: @escaping @Sendable (HTTPRequestHead) -> HTTPPeer.Answer? = { _ in nil },
        hold: @escaping @Sendable (HTTPPeer.Question) async -> Void = { _ in }
    ) async throws -> HTTPPeer {
        let peer = try await listen(early, hold)
        Self.running.withLock { $0.append(peer) }
        return peer
    }

    private func listen(
        _ early: @escaping @Sendable (HTTPRequestHead) -> HTTPPeer.Answer?,
        _ hold: @escaping @Sendable (HTTPPeer.Question) async -> Void
    ) async throws -> HTTPPeer {
        try await HTTPPeer(early: early) { question in
            self.state.withLock { state in
                state.inFlight += 1
                state.mostInFlight = max(state.mostInFlight, state.inFlight)
            }
            // Lets requests of the same moment meet.
            await Task.yield()
            await hold(question)
            let answer = self.answer(question)
            self.state.withLock { $0.inFlight -= 1 }
            return answer
        }
    }

    private func answer(_ question: HTTPPeer.Question) -> HTTPPeer.Answer {
        state.withLock { state in
            let line = "\(question.method) \(question.path)"
            state.log.append(line)
            if let header = question.headers.first(name: "Authorization") { state.authorizations.append(header) }
            if question.path == "/token" { return Self.token(question, &state) }
            if let refused = Self.authorize(question, &state) { return refused }
            if let index = state.quirks.first.firstIndex(where: { line.hasPrefix($0.prefix) && $0.times > 0 }) {
                state.quirks.first[index].times -= 1
                return state.quirks.first[index].answer
            }
            if question.body.count > state.quirks.largestBody { return .init(status: 413) }
            return Self.route(question, &state)
        }
    }

    private static func error(_ status: Int, _ code: String) -> HTTPPeer.Answer {
        .init(status: status, body: Array(#"{"errors":[{"code":"\#(code)","message":"scripted"}]}"#.utf8))
    }
}

/// Who may.
extension ScriptedRegistry {
    private static func token(_ question: HTTPPeer.Question, _ state: inout State) -> HTTPPeer.Answer {
        if let login = state.quirks.login {
            let basic = "Basic " + Data(login.utf8).base64EncodedString()
            let form = String(decoding: question.body, as: UTF8.self)
            let isIdentity =
                question.method == "POST" && form.contains("refresh_token=\(login)")
                && form.contains("grant_type=refresh_token")
            guard question.headers.first(name: "Authorization") == basic || isIdentity else {
                return .init(status: 401)
            }
        }
        state.count += 1
        let scope = question.values("scope").joined(separator: " ")
        let token = "t\(state.count)"
        state.tokens[token] = state.quirks.requestsPerToken ?? .max
        state.log.append("scope \(scope)")
        return .init(
            status: 200, body: Array(#"{"access_token":"\#(token)","expires_in":\#(state.quirks.tokenLife)}"#.utf8))
    }

    private static func authorize(_ question: HTTPPeer.Question, _ state: inout State) -> HTTPPeer.Answer? {
        let header = question.headers.first(name: "Authorization") ?? ""
        let host = question.headers.first(name: "Host") ?? ""
        if state.quirks.requestsPerToken != nil {
            let token = String(header.dropFirst(7))
            if let left = state.tokens[token], left > 0 {
                state.tokens[token] = left - 1
                return nil
            }
            let realm = state.quirks.realm ?? "http://\(host)/token"
            let challenge = "Bearer realm=\"\(realm)\",service=\"scripted\",scope=\"repository:x:pull\""
            return .init(status: 401, headers: [("WWW-Authenticate", challenge)])
        }
        guard let login = state.quirks.login else { return nil }
        if header == "Basic " + Data(login.utf8).base64EncodedString() { return nil }
        return .init(status: 401, headers: [("WWW-Authenticate", "Basic realm=scripted")])
    }
}

/// What there is.
extension ScriptedRegistry {
    private static func route(_ question: HTTPPeer.Question, _ state: inout State) -> HTTPPeer.Answer {
        let parts = question.path.split(separator: "/").map(String.init)
        guard parts.first == "v2", parts.count >= 4 else { return .init(status: 404) }
        let name = parts[parts.count - 1]
        switch (question.method, parts[parts.count - 2]) {
        case ("HEAD", "blobs"), ("GET", "blobs"):
            guard let blob = state.blobs[name] else { return error(404, "BLOB_UNKNOWN") }
            if let elsewhere = state.quirks.blobLocation {
                return .init(status: 307, headers: [("Location", elsewhere)])
            }
            return .init(status: 200, body: blob)
        case ("POST", "blobs"): return begin(question, &state)
        case ("PATCH", "uploads"):
            guard let status = state.quirks.patchStatus else { return error(405, "UNSUPPORTED") }
            guard state.uploads[name] != nil else { return error(404, "BLOB_UPLOAD_UNKNOWN") }
            state.uploads[name]? += question.body
            return .init(status: status, headers: [("Location", question.path), ("Range", "0-0")])
        case ("PUT", "uploads"):
            guard let begun = state.uploads.removeValue(forKey: name) else { return error(404, "BLOB_UPLOAD_UNKNOWN") }
            return commit(begun + question.body, question, &state)
        case ("DELETE", "uploads"):
            state.uploads[name] = nil
            return .init(status: 204)
        case (let method, "manifests"): return manifest(method, name, question, &state)
        case ("GET", "referrers"):
            guard state.quirks.referrers else { return error(404, "NOT_FOUND") }
            let entries = state.manifests.values.compactMap { manifest -> Descriptor? in
                guard let read = try? CanonicalJSON.decode(ImageManifest.self, from: manifest.bytes),
                    read.subject?.digest.description == name
                else { return nil }
                return Descriptor(mediaType: manifest.type, content: manifest.bytes)
            }
            let index = try? CanonicalJSON.encode(ImageIndex(manifests: Array(Set(entries))))
            return .init(status: 200, body: index ?? [])
        default: return .init(status: 404)
        }
    }

    private static func begin(_ question: HTTPPeer.Question, _ state: inout State) -> HTTPPeer.Answer {
        if let wanted = question.query["mount"], question.query["from"] != nil, state.quirks.mounts,
            state.blobs[wanted] != nil
        {
            return .init(status: 201)
        }
        if question.query["digest"] != nil, state.quirks.takesSinglePost {
            return commit(question.body, question, &state)
        }
        state.count += 1
        let id = "u\(state.count)"
        state.uploads[id] = []
        var location = "\(question.path)\(id)?state=x"
        if !question.path.hasSuffix("/") { location = "\(question.path)/\(id)?state=x" }
        if let scheme = state.quirks.absoluteScheme {
            location = "\(scheme)://\(question.headers.first(name: "Host") ?? "")\(location)"
        }
        return .init(status: 202, headers: [("Location", state.quirks.uploadLocation ?? location)])
    }

    private static func commit(
        _ blob: [UInt8], _ question: HTTPPeer.Question, _ state: inout State
    ) -> HTTPPeer.Answer {
        let digest = Digest.sha256(of: blob).description
        guard question.query["digest"] == digest else { return error(400, "DIGEST_INVALID") }
        state.blobs[digest] = blob
        if state.quirks.losesFirstCommit {
            state.quirks.losesFirstCommit = false
            return .init(status: 0, breaksOff: true)
        }
        return .init(status: 201)
    }

    private static func manifest(
        _ method: String, _ name: String, _ question: HTTPPeer.Question, _ state: inout State
    ) -> HTTPPeer.Answer {
        guard method == "PUT" else {
            guard let manifest = state.manifests[name] else { return error(404, "MANIFEST_UNKNOWN") }
            return .init(
                status: 200,
                headers: [
                    ("Content-Type", manifest.type),
                    ("Docker-Content-Digest", Digest.sha256(of: manifest.bytes).description),
                ], body: manifest.bytes)
        }
        if state.quirks.immutableTags, !name.hasPrefix("sha256"), state.manifests[name] != nil {
            return error(400, "TAG_INVALID")
        }
        let read = try? CanonicalJSON.decode(ImageManifest.self, from: question.body)
        if state.quirks.refusesArtifacts, read?.artifactType != nil { return error(400, "MANIFEST_INVALID") }
        let blobs = (read?.layers ?? []) + (read.map { [$0.config] } ?? [])
        let isWhole = blobs.allSatisfy { state.blobs[$0.digest.description] != nil }
        if !isWhole || state.quirks.blindManifests > 0 {
            state.quirks.blindManifests -= 1
            return error(404, "MANIFEST_BLOB_UNKNOWN")
        }
        let type = question.headers.first(name: "Content-Type") ?? ""
        let digest = Digest.sha256(of: question.body).description
        state.manifests[name] = (type, question.body)
        state.manifests[digest] = (type, question.body)
        var headers = [("Docker-Content-Digest", digest)]
        if state.quirks.referrers, let subject = read?.subject { headers.append(("OCI-Subject", "\(subject.digest)")) }
        return .init(status: 201, headers: headers)
    }
}
