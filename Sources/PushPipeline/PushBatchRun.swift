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
        var epilogue: Epilogue?
    }

    /// What is to become of each destination, in git's order; a failure is a `Refusal` or a `UserError`.
    typealias Answers = [(command: PushCommand, answer: Result<Done, any Error>)]

    let local: LocalRefs
    let connection: PlatformConnection
    let deployer: any Deployer
    let policy: DeployPolicy
    let transport: HTTPTransport
    let reporter: any Reporter

    /// Answers for all updates of the batch, in order, and what to say when git has shown them.
    func run(_ batch: PushBatch) async -> (replies: [UInt8], epilogues: [Epilogue]) {
        let answers: Answers
        do throws(UserError) {
            let wishes = try PushWishes(batch.options.pushOptions)
            let resolver = RefUpdateResolver(
                local: local, refs: try await liveRefs(), options: batch.options, policy: policy,
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
        for (command, answer) in answers { replies += reply(command, answer, batch.options) }
        return (replies + PushReply.endOfBatch, answers.compactMap { $0.answer.success?.epilogue })
    }

    private func liveRefs() async throws(UserError) -> [String: RefRecord] {
        Dictionary((try await deployer.refs() ?? []).map { ($0.ref, $0) }, uniquingKeysWith: { first, _ in first })
    }

    typealias Resolved = [(PushCommand, Result<RefUpdate, any Error>)]

    /// Every ref for itself: what is only stored goes first and in one request, then one environment after the other.
    private func each(_ updates: Resolved, _ wishes: PushWishes, _ options: PushOptions) async -> Answers {
        let stored = await store(updates.compactMap { $0.1.success }.filter(\.isStored), options)
        var answers: Answers = []
        for (command, result) in updates {
            do {
                let update = try result.get()
                if let known = stored[update.ref] {
                    answers.append((command, known))
                } else {
                    answers.append((command, .success(try await carryOut(update, wishes, options, with: []))))
                }
            } catch {
                answers.append((command, .failure(error)))
            }
        }
        return answers
    }

    /// Stores all in one request; when that is refused each is tried for itself, so that one does not hold up another.
    private func store(_ updates: [RefUpdate], _ options: PushOptions) async -> [String: Result<Done, any Error>] {
        do {
            try await change(updates, options)
            return Dictionary(updates.map { ($0.ref, .success($0.done)) }, uniquingKeysWith: { first, _ in first })
        } catch {
            var results: [String: Result<Done, any Error>] = [:]
            for update in updates where updates.count > 1 {
                do {
                    try await change([update], options)
                    results[update.ref] = .success(update.done)
                } catch {
                    results[update.ref] = .failure(error)
                }
            }
            return updates.count > 1 ? results : [updates[0].ref: .failure(error)]
        }
    }

    /// Sends the objects and moves the refs, all of them or none.
    func change(_ updates: [RefUpdate], _ options: PushOptions) async throws {
        let updates = updates.filter { $0.old != nil || $0.storedID != nil }
        guard !updates.isEmpty, !options.dryRun else { return }
        try await deployer.ensureApp()
        let source = SourcePush(location: local.location, connection: connection)
        try await source.send(updates.compactMap(\.storedID))
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

    private func reply(_ command: PushCommand, _ answer: Result<Done, any Error>, _ options: PushOptions) -> [UInt8] {
        switch answer {
        case .success(let done):
            return PushReply.ok(command.destination, forced: done.forced, newID: done.newID)
        case .failure(let refusal as Refusal):
            if let error = refusal.error { reporter.report(.failure(error)) }
            return PushReply.error(command.destination, refusal.reason)
        case .failure(let error):
            let error = error as? UserError ?? UserError(.internal, "\(error)")
            reporter.report(.failure(error))
            return PushReply.error(command.destination, reason(error, command, options))
        }
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
        let wanted = updates.compactMap { $0.1.success }
        let switches = wanted.filter { !$0.isStored }
        if refused { return Self.answers(updates, .failure(Refusal(.atomicPushFailed))) }
        guard switches.count < 2, switches.allSatisfy({ $0.isDeployment || wanted.count == 1 }) else {
            reporter.report(
                .failure(
                    UserError(
                        .forbidden,
                        "an atomic push cannot change \(switches.count) environments and other refs together",
                        hint: "push the branches one by one")))
            return Self.answers(updates, .failure(Refusal(.atomicPushFailed)))
        }
        let others = wanted.filter(\.isStored)
        do {
            guard let one = switches.first else {
                try await change(others, options)
                return Self.answers(updates, nil)
            }
            let done = try await carryOut(one, wishes, options, with: others)
            return Self.answers(updates, nil).map { command, answer in
                (command, command.destination == one.ref ? .success(done) : answer)
            }
        } catch {
            // The one that was in the way says why, once.
            var isSaid = false
            return Self.answers(updates, .failure(Refusal(.atomicPushFailed))).map { command, answer in
                let isOfOne =
                    (answer.failure as? Refusal)?.reason == .atomicPushFailed && !isSaid
                    && (switches.first.map { $0.ref == command.destination } ?? true)
                guard isOfOne else { return (command, answer) }
                isSaid = true
                return (command, .failure(error))
            }
        }
    }

    /// The answer of each: its own refusal, else `all`, else that it is done.
    private static func answers(_ updates: Resolved, _ all: Result<Done, any Error>?) -> Answers {
        updates.map { command, result in
            switch result {
            case .success(let update): (command, all ?? .success(update.done))
            case .failure(let error): (command, .failure(error))
            }
        }
    }
}

extension RefUpdate {
    fileprivate var isDeployment: Bool { if case .deploy = action { true } else { false } }
    fileprivate var isStored: Bool {
        switch action {
        case .store, .delete: true
        case .deploy, .tearDown: false
        }
    }
    fileprivate var done: PushBatchRun.Done { PushBatchRun.Done(forced: losesCommits) }
    /// The change of a ref that deploys nothing.
    var change: RefChange { RefChange(ref: ref, old: old?.hex, new: storedID?.hex) }
}

extension Result {
    fileprivate var success: Success? { try? get() }
    fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
