import Diagnostics
import Foundation
import HTTPTransport
import PlatformAPI

@testable import Deployers

/// A stand-in that shows what another platform's API takes: all of a deployer for the dialect of Fly Machines, as far as a
/// push needs it. It is tried against a scripted server alone, never against the real service.
///
/// A release is a machine that starts beside the old one, out of the routing (`skip_service_registration`), and takes its
/// place when its checks pass. What is live stands in a machine's metadata. That API has no condition on it, so it is read
/// before the start and again before the switch; between that reading and the switch somebody else's switch goes unseen.
struct MachinesDeployer: Deployer {
    let baseURL: String
    let app: String
    let token: String
    /// Between two looks at a machine.
    var pause = Duration.seconds(1)
    private let transport = HTTPTransport()

    init(baseURL: String, app: String, token: String, pause: Duration = .seconds(1)) {
        self.baseURL = baseURL
        self.app = app
        self.token = token
        self.pause = pause
    }

    func describe() async throws(UserError) -> PlatformDescription {
        PlatformDescription(
            version: "1", platforms: [.init(os: "linux", architecture: "amd64")], artifactKinds: ["image"],
            features: [])
    }

    func refs() async throws(UserError) -> [RefRecord]? {
        let reply = try await send("GET", "/machines")
        if reply.status == 404 { return nil }
        return try decode([Machine].self, reply).compactMap { machine in
            guard let mark = machine.mark, mark.live == "yes" else { return nil }
            return RefRecord(
                ref: mark.ref, objectID: mark.commit, environment: mark.environment, release: Int(mark.release),
                updatedAt: "")
        }
    }

    func ensureApp() async throws(UserError) {
        guard try await send("GET", "").status == 404 else { return }
        _ = try check(try await exchange("POST", "/v1/apps", ["app_name": app, "org_slug": "personal"]))
    }

    func deploy(
        _ request: DeploymentRequest, patience: Duration?, onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment {
        let old = try await live(request)
        let release = (old.flatMap { Int($0.mark?.release ?? "") } ?? 0) + 1
        // Not canceled with us: a machine whose id we never learn could not be taken away.
        let machine = try await uncanceled { () async throws(UserError) in
            try decode(Machine.self, try await send("POST", "/machines", NewMachine(request, release)))
        }
        var deployment = Deployment(
            id: machine.id, app: app, environment: request.environment, ref: request.ref, commit: request.commit,
            oldCommit: request.oldCommit, artifact: request.artifact, status: .starting,
            phase: DeploymentPhase.checking.rawValue, message: request.message, createdAt: "")
        onEvent(event(.status, "machine \(machine.id) starts", deployment))
        do {
            let limit = min(patience ?? .seconds(86400), .seconds(request.settings.healthTimeoutSeconds))
            let failure = try await followed(machine.id, until: .now + limit)
            if case .unfinished = failure, let patience, patience == limit { return deployment }
            if let failure = failure.failure(request) {
                deployment.status = .failed
                deployment.failure = failure
                try await remove(machine.id)
            } else {
                // From here on it is too late to cancel.
                try await uncanceled { () async throws(UserError) in try await replace(old, by: machine, request) }
                deployment.status = .healthy
                deployment.release = release
                deployment.url = "https://\(app).fly.dev"
            }
        } catch {
            try await uncanceled { () async throws(UserError) in try await remove(machine.id) }
            guard Task.isCancelled else {
                throw error as? UserError ?? UserError(.internal, "the machine was lost sight of", cause: error)
            }
            deployment.status = .canceled
        }
        deployment.phase = nil
        onEvent(event(.end, deployment.status.rawValue, deployment))
        return deployment
    }

    func removeEnvironment(_ name: String, with ref: String, expecting objectID: String) async throws(UserError) {
        let machines = try decode([Machine].self, try await send("GET", "/machines"))
        for machine in machines where machine.mark?.ref == ref && machine.mark?.live == "yes" {
            guard machine.mark?.commit == objectID else { throw stale(machine.mark?.commit) }
            try await remove(machine.id)
        }
    }

    func changeRefs(_ changes: [RefChange]) async throws(UserError) {
        throw UserError(
            .forbidden, "this platform keeps no refs but those that it deploys", hint: "push tags to your git server")
    }
}

/// A deployment's steps.
extension MachinesDeployer {
    /// The machine that serves the ref, which must have the expected commit.
    private func live(_ request: DeploymentRequest) async throws(UserError) -> Machine? {
        let machine = try decode([Machine].self, try await send("GET", "/machines")).first {
            $0.mark?.ref == request.ref && $0.mark?.live == "yes"
        }
        guard machine?.mark?.commit == request.oldCommit else { throw stale(machine?.mark?.commit) }
        return machine
    }

    private func followed(_ id: String, until end: ContinuousClock.Instant) async throws -> Look {
        while true {
            let look = Look(try decode(Machine.self, try await send("GET", "/machines/\(id)")))
            if case .unfinished = look, ContinuousClock.now < end {
                try await Task.sleep(for: pause)
            } else {
                return look
            }
        }
    }

    private func replace(_ old: Machine?, by new: Machine, _ request: DeploymentRequest) async throws(UserError) {
        guard try await live(request)?.id == old?.id else { throw stale(nil) }
        try check(try await send("POST", "/machines/\(new.id)/uncordon"))
        try check(try await send("POST", "/machines/\(new.id)/metadata/bim_live", ["value": "yes"]))
        if let old { try await remove(old.id) }
    }

    private func remove(_ id: String) async throws(UserError) {
        try check(try await send("DELETE", "/machines/\(id)?force=true"))
    }

    private func stale(_ commit: String?) -> UserError {
        UserError(
            .staleRef, "the branch is at \(commit?.prefix(7) ?? "nothing") on the platform",
            hint: "git fetch, look at it, push again")
    }

    private func event(_ type: DeploymentEvent.Kind, _ text: String, _ deployment: Deployment) -> DeploymentEvent {
        DeploymentEvent(
            id: type == .end ? 2 : 1, time: "", type: type, phase: deployment.phase, message: text,
            deployment: type == .end ? deployment : nil)
    }

    private func uncanceled<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(UserError) -> Value
    ) async throws(UserError) -> Value {
        try await Task { () async -> Result<Value, UserError> in
            do throws(UserError) { return .success(try await body()) } catch { return .failure(error) }
        }.value.get()
    }
}

/// The dialect's requests and errors.
extension MachinesDeployer {
    private func send(
        _ method: String, _ path: String, _ body: (any Encodable & Sendable)? = nil
    ) async throws(UserError) -> Reply {
        try await exchange(method, "/v1/apps/\(app)\(path)", body)
    }

    private func exchange(
        _ method: String, _ path: String, _ body: (any Encodable & Sendable)?
    ) async throws(UserError) -> Reply {
        do {
            return try await transport.send(
                Exchange(
                    method, baseURL + path,
                    headers: [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")],
                    body: try body.map { .bytes(Array(try JSONEncoder().encode($0))) } ?? .none),
                retry: method == "GET" ? .standard : .never)
        } catch is CancellationError {
            throw UserError(.interrupted, "interrupted", hint: "push again")
        } catch {
            throw UserError(.platformUnavailable, "'\(baseURL)' does not answer", hint: "push again", cause: error)
        }
    }

    @discardableResult
    private func check(_ reply: Reply) throws(UserError) -> Reply {
        guard !(200..<300).contains(reply.status) else { return reply }
        struct Refusal: Decodable { let error: String }
        let words = (try? JSONDecoder().decode(Refusal.self, from: Data(reply.body)))?.error ?? "status \(reply.status)"
        let (code, hint): (ErrorCode, String) =
            switch reply.status {
            case 401: (.unauthenticated, "git bim login <remote>")
            case 403: (.forbidden, "ask the app's owner")
            case 404: (.appNotFound, "git bim create <remote>")
            case 400, 422: (.pullFailed, "look at the artifact's reference and at who may read it")
            default: (.platformUnavailable, "push again in a while")
            }
        throw UserError(code, "the platform refuses: \(words)", hint: hint)
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ reply: Reply) throws(UserError) -> Value {
        try check(reply)
        do { return try JSONDecoder().decode(type, from: Data(reply.body)) } catch {
            throw UserError(
                .platformUnavailable, "'\(baseURL)' answers with nonsense", hint: "push again", cause: error)
        }
    }
}

/// A machine as the API shows it.
private struct Machine: Decodable, Sendable {
    struct Config: Decodable { let metadata: Mark? }
    struct Check: Decodable {
        let status: String
        let output: String?
    }
    struct Event: Decodable {
        struct Request: Decodable {
            struct Exit: Decodable {
                let exit_code: Int
                let oom_killed: Bool
            }
            let exit_event: Exit?
        }
        let type: String
        let request: Request?
    }

    let id: String
    let state: String
    let config: Config?
    let checks: [Check]?
    let events: [Event]?
    /// Nil for a machine of somebody else's.
    var mark: Mark? { config?.metadata }
}

/// What a machine stands for, in its metadata.
private struct Mark: Codable, Sendable {
    let ref: String
    let commit: String
    let environment: String
    let release: String
    var live: String?

    enum CodingKeys: String, CodingKey {
        case ref = "bim_ref"
        case commit = "bim_commit"
        case environment = "bim_environment"
        case release = "bim_release"
        case live = "bim_live"
    }
}

/// The body that makes a machine.
private struct NewMachine: Encodable, Sendable {
    struct Check: Encodable {
        let type: String
        let port: Int
        let path: String?
    }
    struct Config: Encodable {
        struct Start: Encodable { let cmd: [String] }
        let image: String
        let env: [String: String]
        let initial: Start
        let checks: [String: Check]
        let metadata: Mark

        enum CodingKeys: String, CodingKey {
            case image, env, checks, metadata
            case initial = "init"
        }
    }

    let config: Config
    let skip_service_registration = true

    init(_ request: DeploymentRequest, _ release: Int) {
        let path = request.settings.healthPath
        config = Config(
            image: request.artifact.reference, env: ["PORT": "8080"],
            initial: .init(cmd: ["sh", "-c", request.settings.processes["web"] ?? ""]),
            checks: ["web": Check(type: path == nil ? "tcp" : "http", port: 8080, path: path)],
            metadata: Mark(
                ref: request.ref, commit: request.commit, environment: request.environment, release: String(release)))
    }
}

/// What one look at a machine shows.
private enum Look {
    case healthy
    case unfinished(said: String?)
    case ended(Machine.Event.Request.Exit?)

    init(_ machine: Machine) {
        let checks = machine.checks ?? []
        switch machine.state {
        case "started" where !checks.isEmpty && checks.allSatisfy { $0.status == "passing" }: self = .healthy
        case "stopped", "failed", "destroyed":
            self = .ended(machine.events?.lazy.compactMap { $0.request?.exit_event }.first)
        default: self = .unfinished(said: checks.lazy.compactMap(\.output).first)
        }
    }

    func failure(_ request: DeploymentRequest) -> DeploymentFailure? {
        let phase = DeploymentPhase.checking.rawValue
        switch self {
        case .healthy: return nil
        case .unfinished(let said):
            return DeploymentFailure(
                code: .healthCheckFailed, phase: phase, message: said ?? "no check has passed in time")
        case .ended(let exit) where exit?.oom_killed == true:
            return DeploymentFailure(
                code: .outOfMemory, phase: phase, message: "'web' needed more memory than the machine has")
        case .ended(let exit):
            return DeploymentFailure(
                code: .crashed, phase: phase, message: "'web' exited with status \(exit?.exit_code ?? -1)",
                exitCode: exit?.exit_code)
        }
    }
}
