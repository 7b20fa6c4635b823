internal import Builders
internal import Deployers
internal import Diagnostics
internal import GitCore
internal import HTTPTransport
internal import PlatformAPI
internal import ProjectConfig
internal import Registry
internal import RemoteHelper

/// Carries out one batch of git on a platform: every destination gets exactly one answer, whatever happens.
struct PushBatchRun: Sendable {
    /// What is said after git has printed its table.
    struct Epilogue: Sendable {
        let url: String?
        let duration: Duration
        let opens: Bool
    }

    /// What became of one ref.
    struct Done: Sendable {
        var forced = false
        /// The object that the ref has now, where it is not the one that was pushed; the zero id where there is no ref.
        var newID: String?
        /// Whether the deployment goes on, so that no ref has moved yet.
        var isPending = false
        var epilogue: Epilogue?
    }

    /// What became of each destination, in git's order; what there is to say of a refusal has been said.
    typealias Answers = [(command: PushCommand, answer: Result<Done, Refusal>)]

    let local: LocalRefs
    let target: DeployTarget
    let settings: RemoteSettings
    let policy: DeployPolicy
    let transport: HTTPTransport
    let reporter: any Reporter

    var deployer: any Deployer { target.deployer }

    /// Answers for all updates of the batch, in order, and what to say when git has shown them.
    func run(_ batch: PushBatch) async -> (replies: [UInt8], epilogues: [Epilogue]) {
        let answers: Answers
        do throws(UserError) {
            let wishes = try PushWishes(batch.options.pushOptions)
            let refs = try await liveRefs()
            try await PromisedObjects(location: local.location, reporter: reporter).fetch(
                for: try commits(batch, unlike: refs))
            let resolver = RefUpdateResolver(
                local: local, refs: refs, options: batch.options, policy: policy,
                environment: wishes.environment)
            let updates = batch.updates.map { command in (command, Result { try resolver.resolve(command) }) }
            answers =
                batch.options.atomic
                ? await together(updates, wishes, batch.options) : await each(updates, wishes, batch.options)
        } catch {
            // Said once, answered for each.
            reporter.report(.failure(error))
            return (PushReply.refusal(of: batch, .other(error.reason)), [])
        }
        var replies: [UInt8] = []
        for (command, answer) in answers {
            let refusal = answer.failure.flatMap { $0.reason == .upToDate ? nil : $0.reason }
            reporter.report(
                .answered(ref: command.destination, code: refusal?.code, reason: refusal.map(\.sentence)))
            switch answer {
            case .success(let done):
                replies += PushReply.ok(command.destination, forced: done.forced, newID: done.newID)
            case .failure(let refusal): replies += PushReply.error(command.destination, refusal.reason)
            }
        }
        return (replies + PushReply.endOfBatch, answers.compactMap { $0.answer.success?.epilogue })
    }

    /// The commits that shall become live, as far as they can be told now.
    private func commits(_ batch: PushBatch, unlike refs: [String: RefRecord]) throws(UserError) -> [ObjectID] {
        if policy == .never { return [] }
        let repository: Repository
        do { repository = try local.location.open() } catch { throw error.userError }
        var commits: [ObjectID] = []
        for command in batch.updates where command.destination.hasPrefix("refs/heads/") {
            guard let source = command.source,
                let id = try? local.objectID(String(decoding: source, as: UTF8.self), in: repository),
                let commit = try? repository.commit(id).id, refs[command.destination]?.objectID != commit.hex
            else { continue }
            commits.append(commit)
        }
        return commits
    }

    func liveRefs() async throws(UserError) -> [String: RefRecord] {
        Dictionary((try await deployer.refs() ?? []).map { ($0.ref, $0) }, uniquingKeysWith: { first, _ in first })
    }

    typealias Resolved = [(PushCommand, Result<RefUpdate, any Error>)]

    /// Every ref for itself: what is only stored goes first and together, then one environment after the other.
    private func each(_ updates: Resolved, _ wishes: PushWishes, _ options: PushOptions) async -> Answers {
        let stored = await store(updates.compactMap { $0.1.success }.filter(\.isStored), options)
        if policy == .never, !stored.isEmpty { reporter.report(.notice("stored, not deployed: bim.deploy is 'never'")) }
        var answers: Answers = []
        for (command, result) in updates {
            do {
                if Task.isCancelled, answers.contains(where: { $0.answer.failure != nil }) {
                    throw Refusal(.other("INTERRUPTED: interrupted"))
                }
                let update = try result.get()
                let done =
                    if let known = stored[update.ref] {
                        try known.get()
                    } else {
                        try await carryOut(update, wishes, options, with: [])
                    }
                answers.append((command, .success(done)))
            } catch {
                answers.append((command, .failure(told(error, command, options))))
            }
        }
        return answers
    }

    /// Stores in requests of a bearable size; where one is refused, each of its refs is tried for itself, so that one
    /// does not hold up another. Where none is answered, what the refs are then is the answer.
    private func store(_ updates: [RefUpdate], _ options: PushOptions) async -> [String: Result<Done, any Error>] {
        var results: [String: Result<Done, any Error>] = [:]
        let size = 1000
        for start in stride(from: 0, to: updates.count, by: size) {
            let piece = Array(updates[start..<min(start + size, updates.count)])
            do {
                try await change(piece, options)
                for update in piece { results[update.ref] = .success(update.done) }
            } catch let error as UserError where [.platformUnavailable, .interrupted].contains(error.code) {
                let refs = try? await liveRefs()
                for update in piece {
                    let isThere = refs != nil && refs?[update.ref]?.objectID == update.storedID?.hex
                    results[update.ref] = isThere ? .success(update.done) : .failure(error)
                }
            } catch {
                for update in piece {
                    results[update.ref] = piece.count > 1 ? await moved([update]) : .failure(error)
                }
            }
        }
        return results
    }

    /// Moves refs whose objects are there.
    private func moved(_ updates: [RefUpdate]) async -> Result<Done, any Error> {
        do {
            try await deployer.changeRefs(updates.map(\.change))
            return .success(updates[0].done)
        } catch {
            return .failure(error)
        }
    }

    /// Sends the objects and moves the refs, all of them or none.
    func change(_ updates: [RefUpdate], _ options: PushOptions) async throws {
        let updates = updates.filter { $0.old != nil || $0.storedID != nil }
        guard !updates.isEmpty, !options.dryRun else { return }
        try await deployer.ensureApp()
        try await target.source.send(updates.compactMap(\.storedID))
        try await deployer.changeRefs(updates.map(\.change))
    }

    /// Does what moves an environment.
    ///
    /// - Parameter others: changes of refs that deploy nothing, made in the same transaction.
    func carryOut(
        _ update: RefUpdate, _ wishes: PushWishes, _ options: PushOptions, with others: [RefUpdate]
    ) async throws -> Done {
        switch update.action {
        case .store, .delete:
            try await change([update], options)
            return update.done
        case .keep: return update.done
        case .tearDown(let environment):
            guard let old = update.old, !options.dryRun else { return update.done }
            try await deployer.removeEnvironment(environment, with: update.ref, expecting: old.hex)
            reporter.report(.notice("'\(update.ref.dropFirst(11))' is removed, and with it what was live from it"))
            return update.done
        case .deploy(let commit, let config, let environment, let isPreview):
            return try await deploy(
                PushPlan.Subject(
                    update: update, commit: commit, config: config, environment: environment, isPreview: isPreview),
                wishes, options, with: others)
        }
    }

    /// Says what there is to say of a failure, where it happens, and keeps what git is told.
    private func told(_ error: any Error, _ command: PushCommand, _ options: PushOptions) -> Refusal {
        if let refusal = error as? Refusal {
            if let said = refusal.error { reporter.report(.failure(said)) }
            return Refusal(refusal.reason)
        }
        let error = error as? UserError ?? UserError(.internal, "\(error)")
        reporter.report(.failure(error))
        return Refusal(reason(error, command, options))
    }

    /// What git is told, so that it gives its own advice where it has any.
    private func reason(_ error: UserError, _ command: PushCommand, _ options: PushOptions) -> RejectReason {
        switch error.code {
        case .staleRef: options.leases[command.destination] == nil ? .fetchFirst : .staleInfo
        case .nonFastForward: .nonFastForward
        default: .other(error.reason)
        }
    }
}

/// All or none.
extension PushBatchRun {
    private func together(_ updates: Resolved, _ wishes: PushWishes, _ options: PushOptions) async -> Answers {
        let refused = updates.contains { _, result in
            result.failure.map { ($0 as? Refusal)?.reason != .upToDate } ?? false
        }
        if refused { return answers(updates, options) { _ in .failure(Refusal(.atomicPushFailed)) } }
        let wanted = updates.compactMap { $0.1.success }
        let switches = wanted.filter(\.movesEnvironment)
        guard switches.count < 2, switches.allSatisfy({ $0.isDeployment || wanted.count == 1 }) else {
            reporter.report(
                .failure(
                    UserError(
                        .forbidden,
                        "an atomic push cannot change \(switches.count) environments and other refs together",
                        hint: "push the branches one by one")))
            return answers(updates, options) { _ in .failure(Refusal(.atomicPushFailed)) }
        }
        let others = wanted.filter(\.isStored)
        do {
            guard let one = switches.first else {
                try await change(others, options)
                return answers(updates, options) { .success($0.done) }
            }
            let done = try await carryOut(one, wishes, options, with: others)
            return answers(updates, options) { update in
                if update.ref == one.ref { return .success(done) }
                return .success(done.isPending ? update.unmoved : update.done)
            }
        } catch {
            // The one that was in the way says why, once.
            let culprit = switches.first?.ref ?? wanted.first?.ref
            return answers(updates, options) { update in
                .failure(update.ref == culprit ? error : Refusal(.atomicPushFailed))
            }
        }
    }

    /// The answer of each: its own refusal, else what `answer` makes of it.
    private func answers(
        _ updates: Resolved, _ options: PushOptions, _ answer: (RefUpdate) -> Result<Done, any Error>
    ) -> Answers {
        updates.map { command, result in
            do {
                return (command, .success(try answer(try result.get()).get()))
            } catch {
                return (command, .failure(told(error, command, options)))
            }
        }
    }
}

extension RefUpdate {
    fileprivate var isDeployment: Bool { if case .deploy = action { true } else { false } }
    fileprivate var movesEnvironment: Bool {
        switch action {
        case .deploy, .tearDown: true
        case .store, .delete, .keep: false
        }
    }
    fileprivate var isStored: Bool {
        switch action {
        case .store, .delete: true
        case .deploy, .tearDown, .keep: false
        }
    }
    /// The answer when it is done.
    fileprivate var done: PushBatchRun.Done {
        if case .keep = action { unmoved } else { PushBatchRun.Done(forced: losesCommits) }
    }
    /// The answer while the ref is what it was.
    var unmoved: PushBatchRun.Done { PushBatchRun.Done(newID: destinationID ?? old?.hex ?? Self.noObject) }
    /// The change of a ref that deploys nothing.
    var change: RefChange { RefChange(ref: ref, old: old?.hex, new: storedID?.hex) }
}

extension Result {
    fileprivate var success: Success? { try? get() }
    fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
