internal import Artifacts
package import Diagnostics
package import PlatformAPI
internal import Synchronization

/// Deploys by pushing the commit and a deployment record to a git server, whose hook does the rest.
///
/// A server without a hook takes both and tells nothing: what was handed over is then all that is known.
package final class GitDeployer: Deployer {
    private let server: GitServer
    private let options: GitServer.SendOptions
    private let reporter: any Reporter
    private let fallback: PlatformDescription.Target
    /// What the server says of itself; nil for one that only keeps what is pushed.
    package let record: ServerRecord?
    /// The refs as they were when the server was found; they answer the first question.
    private let known: Mutex<[RefRecord]?>

    /// Asks the server what it is.
    ///
    /// - Parameters:
    ///   - fallback: what images are made for where the server does not say.
    ///   - reporter: shows what the server prints for people.
    package init(
        _ server: GitServer, options: GitServer.SendOptions, fallback: PlatformDescription.Target,
        reporter: any Reporter
    ) async throws(UserError) {
        self.server = server
        self.options = options
        self.fallback = fallback
        self.reporter = reporter
        let refs = try await server.refs(receivePack: options.receivePack)
        known = Mutex(refs)
        guard let own = refs.first(where: { $0.ref == ServerRecord.ref }) else {
            record = nil
            return
        }
        let bytes = try await server.file(ServerRecord.file, ofCommit: own.objectID)
        guard let record = try? CanonicalJSON.decode(ServerRecord.self, from: bytes) else {
            throw UserError(
                .platformUnavailable, "'\(server.shown)' describes itself in a way that this version cannot read",
                hint: "update bim, or let the server's operator run bim-receive install again")
        }
        self.record = record
    }

    package func describe() async throws(UserError) -> PlatformDescription {
        record?.platform
            ?? PlatformDescription(version: "1", platforms: [fallback], artifactKinds: ["image", "zip"], features: [])
    }

    package func refs() async throws(UserError) -> [RefRecord]? {
        let refs: [RefRecord]
        if let first = known.withLock({ $0.take() }) {
            refs = first
        } else {
            refs = try await server.refs(receivePack: options.receivePack)
        }
        return refs.filter { !$0.ref.hasPrefix("refs/bim/") }
    }

    /// A git server makes no repositories by itself; one that is not there was told of before.
    package func ensureApp() async throws(UserError) {}

    /// The server's hook knows what was live from the branch, and tears it down.
    package func removeEnvironment(
        _ name: String, with ref: String, expecting objectID: String
    ) async throws(UserError) {
        try await changeRefs([RefChange(ref: ref, old: objectID, new: nil)])
    }

    package func changeRefs(_ changes: [RefChange]) async throws(UserError) {
        let exchange = try await push(changes, pushOptions: [])
        for change in changes {
            switch exchange.answers[change.ref] {
            case .ok, .upToDate: continue
            case let answer: throw error(answer, change.ref, exchange)
            }
        }
    }

    package func deploy(
        _ request: DeploymentRequest, patience: Duration?, onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment {
        guard patience == nil else {
            throw UserError(
                .configInvalid, "a push to a git server ends when the deployment does, so it cannot be left alone",
                hint: "push without 'wait' and 'detach'")
        }
        let id = DeploymentID.make(request)
        let commit = try await server.makeCommit(
            of: DeploymentRecord(id: id, deployment: request, readsReports: true), parent: request.commit)
        let changes =
            [
                RefChange(ref: request.ref, old: request.oldCommit, new: request.commit),
                RefChange(ref: DeploymentRecord.ref(id), old: nil, new: commit),
            ] + (request.refs ?? [])
        let wishes =
            [
                "bim.deployment=\(id)", "bim.environment=\(request.environment)",
                "bim.artifact=\(request.artifact.reference)",
            ]
            + (request.extra ?? [])
        let exchange = try await push(changes, pushOptions: takesPushOptions ? wishes : [], onEvent)
        let answer = exchange.answers[request.ref]
        if let end = exchange.report.end, end.status != .healthy || answer == .ok || answer == .upToDate { return end }
        guard answer == .ok || answer == .upToDate else { throw error(answer, request.ref, exchange) }
        return await result(id) ?? handedOver(id, request)
    }

    /// Where a server does not say, it is tried.
    private var takesPushOptions: Bool { record?.platform.features.contains("push-options") ?? true }

    /// What the server's hook wrote back, where it did not tell at once.
    private func result(_ id: String) async -> Deployment? {
        guard record != nil, let refs = try? await server.refs(receivePack: options.receivePack),
            let ref = refs.first(where: { $0.ref == ResultRecord.ref(id) }),
            let bytes = try? await server.file(ResultRecord.file, ofCommit: ref.objectID)
        else { return nil }
        return try? CanonicalJSON.decode(ResultRecord.self, from: bytes).deployment
    }

    private func handedOver(_ id: String, _ request: DeploymentRequest) -> Deployment {
        Deployment(
            id: id, app: "", environment: request.environment, ref: request.ref, commit: request.commit,
            oldCommit: request.oldCommit, artifact: request.artifact, status: .queued,
            phase: DeploymentPhase.handedOver.rawValue, message: request.message, createdAt: "")
    }
}

/// What one connection has brought.
extension GitDeployer {
    private struct Exchange: Sendable {
        var answers: [String: GitServer.Answer]
        let report: ServerReport
    }

    /// Pushes all changes or none, as far as the server can.
    private func push(
        _ changes: [RefChange], pushOptions: [String],
        _ onEvent: @escaping @Sendable (DeploymentEvent) -> Void = { _ in }
    ) async throws(UserError) -> Exchange {
        var options = self.options
        options.atomic = true
        options.pushOptions = pushOptions
        options.progress = false
        while true {
            let report = ServerReport(reporter: reporter, onEvent: onEvent)
            let answers = try await server.send(changes, options) { report.receive($0) }
            if !options.pushOptions.isEmpty, report.said("does not support push options") {
                options.pushOptions = []
            } else if options.atomic, report.said("does not support --atomic push") {
                options.atomic = false
            } else {
                return Exchange(answers: answers, report: report)
            }
        }
    }

    /// Why a ref is not what it was to become.
    private func error(_ answer: GitServer.Answer?, _ ref: String, _ exchange: Exchange) -> UserError {
        if let problem = exchange.report.problem {
            return UserError(problem.code, problem.detail, hint: problem.hint)
        }
        guard case .refused(let words) = answer else { return server.failure(exchange.report.lines) }
        let name = ref.hasPrefix("refs/heads/") ? String(ref.dropFirst(11)) : ref
        switch words {
        case "stale info", "fetch first", "non-fast forward", "remote ref updated since checkout":
            return UserError(
                .staleRef, "'\(name)' was changed by somebody else meanwhile", hint: "git fetch, look at it, push again"
            )
        case _ where words.contains(": "):
            let code = words.prefix { $0 != ":" }
            if let known = ErrorCode(rawValue: String(code)) {
                return UserError(
                    known, String(words.dropFirst(code.count + 2)), hint: "what the server says stands above")
            }
        default: break
        }
        return UserError(
            .forbidden, "the server refuses '\(name)': \(words.isEmpty ? "no reason given" : words)",
            hint: "what it says stands above; its operator knows its hooks")
    }
}
