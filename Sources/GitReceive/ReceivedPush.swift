internal import Artifacts
internal import Deployers
internal import Diagnostics
internal import HTTPTransport
internal import PlatformAPI

/// Carries out a push on the server: a branch moves when its release is live, other refs as git moves them.
struct ReceivedPush: Sendable {
    /// How many records of deployments and results are kept.
    private static let keptRecords = 200

    let repository: ServerRepository
    let pusher: Pusher

    /// What to answer for each ref.
    func carryOut(_ updates: [ReceivedUpdate], isAtomic: Bool) async -> [String: ReceiveAnswer] {
        let records = await self.records(updates)
        pusher.speaksReports(records.contains { $0.value.readsReports })
        var answers: [String: ReceiveAnswer] = [:]
        for update in updates where update.ref.hasPrefix("refs/bim/") {
            // A record is kept though its deployment fails: it tells what was tried.
            answers[update.ref] =
                records[update.ref] != nil
                ? await moved([update]) : .refused("FORBIDDEN: 'refs/bim/' is the server's own")
        }
        let branches = updates.filter { $0.ref.hasPrefix("refs/heads/") }
        let others = updates.filter { answers[$0.ref] == nil && !$0.ref.hasPrefix("refs/heads/") }
        if isAtomic, branches.count > 1 {
            let why = "FORBIDDEN: \(branches.count) branches cannot switch their environments together"
            for update in branches + others { answers[update.ref] = .refused(why) }
            return answers
        }
        for branch in branches { answers[branch.ref] = await carryOut(branch, records.values.map(\.self)) }
        let isRefused = branches.contains { answers[$0.ref] != .done }
        for update in others {
            answers[update.ref] = isAtomic && isRefused ? .refused("atomic push failed") : .fallThrough
        }
        if isAtomic, !isRefused, !branches.isEmpty, !others.isEmpty {
            // What comes after the switch must not fail for itself.
            let answer = await moved(others)
            for update in others { answers[update.ref] = answer }
        }
        return answers
    }

    /// The deployment records that the push brings, by their refs.
    private func records(_ updates: [ReceivedUpdate]) async -> [String: DeploymentRecord] {
        var records: [String: DeploymentRecord] = [:]
        for update in updates where update.ref.hasPrefix(DeploymentRecord.refs) {
            guard update.old == nil, let new = update.new,
                let text = await repository.git(["cat-file", "blob", "\(new):\(DeploymentRecord.file)"]),
                let record = try? CanonicalJSON.decode(DeploymentRecord.self, from: Array(text.utf8)),
                update.ref == DeploymentRecord.ref(record.id)
            else { continue }
            records[update.ref] = record
        }
        return records
    }

    private func moved(_ updates: [ReceivedUpdate]) async -> ReceiveAnswer {
        let why = await repository.change(updates.map { RefChange(ref: $0.ref, old: $0.old, new: $0.new) })
        return why.map { .refused($0) } ?? .done
    }

    private func carryOut(_ branch: ReceivedUpdate, _ records: [DeploymentRecord]) async -> ReceiveAnswer {
        do throws(UserError) {
            try await checkServersOwnRules(branch)
            let settings = try await ReceiveSettings(repository)
            let connection = try await settings.connect(repository.environment)
            let deployer = APIDeployer(
                connection, transport: HTTPTransport(settings: GitHTTPSettings(environment: repository.environment)))
            guard let new = branch.new else { return try await tearDown(branch, deployer) }
            guard let record = records.first(where: { $0.deployment.ref == branch.ref }) else {
                throw UserError(
                    .configInvalid,
                    "this server deploys '\(branch.ref.dropFirst(11))', and the push says nothing of an artifact",
                    hint: "push with bim: git remote set-url --push <remote> bim::<this address>")
            }
            guard record.deployment.commit == new, record.deployment.oldCommit == branch.old else {
                throw UserError(
                    .configInvalid, "the deployment record is about another commit than the push", hint: "push again")
            }
            return try await deploy(record, connection, deployer)
        } catch {
            pusher.tell(error)
            return .refused(error.reason)
        }
    }

    /// What `receive-pack` would check, which leaves these refs to us: its settings, and the hook `update`.
    private func checkServersOwnRules(_ branch: ReceivedUpdate) async throws(UserError) {
        if branch.new == nil, await repository.isSet("receive.denyDeletes") {
            throw UserError(.forbidden, "the server lets nobody delete branches", hint: "its operator can")
        }
        if let old = branch.old, let new = branch.new, await repository.isSet("receive.denyNonFastForwards"),
            await repository.git(["merge-base", "--is-ancestor", old, new]) == nil
        {
            throw UserError(
                .nonFastForward, "the server takes nothing that loses commits", hint: "fetch, merge and push again")
        }
        let none = String(repeating: "0", count: 40)
        guard let hook = await repository.git(["rev-parse", "--git-path", "hooks/update"]) else { return }
        let says = await HookProgram(path: hook, repository).run(
            [branch.ref, branch.old ?? none, branch.new ?? none]
        ) { pusher.say($0) }
        if !says {
            throw UserError(.forbidden, "the server's hook 'update' declined", hint: "what it says stands above")
        }
    }

    private func tearDown(_ branch: ReceivedUpdate, _ deployer: APIDeployer) async throws(UserError) -> ReceiveAnswer {
        if let live = try await deployer.refs()?.first(where: { $0.ref == branch.ref }) {
            if let environment = live.environment {
                try await deployer.removeEnvironment(environment, with: branch.ref, expecting: live.objectID)
            } else {
                try await deployer.changeRefs([RefChange(ref: branch.ref, old: live.objectID, new: nil)])
            }
        }
        return await moved([branch])
    }
}

/// Deploying.
extension ReceivedPush {
    private func deploy(
        _ record: DeploymentRecord, _ connection: PlatformConnection, _ deployer: APIDeployer
    ) async throws(UserError) -> ReceiveAnswer {
        var request = record.deployment
        try await deployer.ensureApp()
        let live = try await deployer.refs()?.first { $0.ref == request.ref }?.objectID
        if live == request.commit {
            // An earlier push made it live and was cut off before the branch moved.
            pusher.say("the platform has this commit live already")
            return await follow(request)
        }
        if let live, live != request.oldCommit, !request.force, await !repository.isAncestor(live, of: request.commit) {
            throw UserError(
                .staleRef, "the platform has \(live.prefix(7)) live, which is not in the pushed commit",
                hint: "wait until the other push is through, git fetch, and push again")
        }
        if live != request.oldCommit {
            pusher.say(
                "the platform's '\(request.ref.dropFirst(11))' is \(live?.prefix(7) ?? "not there"), not what this server has"
            )
        }
        request.oldCommit = live
        // Tags and the like are this server's; the platform needs none.
        request.refs = nil
        request.client += " bim-receive/\(Diagnostics.version)"
        request.artifact.reference = try await reference(request.artifact.reference, deployer)
        try await SourcePush(
            connection, environment: repository.environment, folder: repository.folder
        ).send([request.commit])
        let ending: Result<Deployment, UserError>
        do throws(UserError) {
            ending = .success(try await deployer.deploy(request, patience: nil) { [pusher] in pusher.tell($0) })
        } catch {
            ending = .failure(error)
        }
        // A pusher who is gone has canceled this task; how it ended is written down all the same.
        return try await Task { await settle(record, ending) }.value.get()
    }

    /// Writes down how a deployment ended, and moves its branch when it is live.
    private func settle(
        _ record: DeploymentRecord, _ ending: Result<Deployment, UserError>
    ) async -> Result<ReceiveAnswer, UserError> {
        let deployment: Deployment
        switch ending {
        case .failure(let error):
            await keep(
                ResultRecord(id: record.id, problem: Problem(error.code, status: 0, error.message, hint: error.hint)))
            return .failure(error)
        case .success(let ended): deployment = ended
        }
        await keep(ResultRecord(id: record.id, deployment: deployment))
        guard deployment.status == .healthy else {
            let failure = deployment.failure
            return .success(
                .refused(
                    "\(failure?.code.rawValue ?? "DEPLOY_FAILED"): \(failure?.message ?? deployment.status.rawValue)"))
        }
        // What is live is what the branch says, whatever else has been done to it meanwhile.
        return .success(await follow(record.deployment))
    }

    /// Moves the branch to the commit that is live.
    private func follow(_ request: DeploymentRequest) async -> ReceiveAnswer {
        await repository.set(request.ref, to: request.commit)
            ? .done : .refused("the release is live, and the branch could not be moved; push again")
    }

    /// What lies in the platform's own registry is named without its host.
    private func reference(_ text: String, _ deployer: APIDeployer) async throws(UserError) -> String {
        guard let host = try await deployer.describe().registry, text.hasPrefix(host + "/") else { return text }
        return String(text.dropFirst(host.count + 1))
    }

    /// Writes down how it ended, for a pusher who has lost the connection.
    private func keep(_ result: ResultRecord) async {
        let server = GitServer(".", environment: repository.environment, folder: repository.folder)
        guard let bytes = try? CanonicalJSON.encode(result),
            let commit = try? await server.makeCommit(
                of: bytes, named: ResultRecord.file, parent: nil, message: "Result of \(result.id)")
        else { return }
        _ = await repository.set(ResultRecord.ref(result.id), to: commit)
        for prefix in [DeploymentRecord.refs, ResultRecord.refs] {
            await repository.prune(prefix, keeping: Self.keptRecords)
        }
    }
}
