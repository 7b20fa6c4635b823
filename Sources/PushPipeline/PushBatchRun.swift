internal import Builders
internal import Deployers
internal import Diagnostics
internal import GitCore
internal import HTTPTransport
internal import PlatformAPI
internal import ProjectConfig
internal import Registry
internal import RemoteHelper

#if canImport(Glibc)
    internal import Glibc
#endif

/// Carries out one batch of git: every destination gets exactly one answer, whatever happens.
struct PushBatchRun: Sendable {
    /// What is said after git has printed its table.
    struct Epilogue: Sendable {
        let url: String?
        let duration: Duration
    }

    let location: RepositoryLocation
    let connection: PlatformConnection
    let deployer: any Deployer
    let reporter: any Reporter

    /// Answers for all updates of the batch, in order, and what to say when git has shown them.
    func run(_ batch: PushBatch) async -> (replies: [UInt8], epilogues: [Epilogue]) {
        let updates = await resolve(batch)
        if let refused = await refuseWhole(batch, updates) { return (refused, []) }
        var replies: [UInt8] = []
        var epilogues: [Epilogue] = []
        var hasFailed = false
        for (command, result) in Self.ordered(updates, batch.options) {
            do {
                if batch.options.atomic, hasFailed { throw Refusal(.atomicPushFailed) }
                let update = try result.get()
                let epilogue = try await carryOut(update, batch.options)
                if let epilogue { epilogues.append(epilogue) }
                replies += PushReply.ok(command.destination, forced: update.losesCommits)
            } catch let refusal as Refusal {
                hasFailed = true
                if let error = refusal.error { reporter.report(.failure(error)) }
                replies += PushReply.error(command.destination, refusal.reason)
            } catch let error as UserError {
                hasFailed = true
                reporter.report(.failure(error))
                replies += PushReply.error(command.destination, reason(error, command, batch.options))
            } catch {
                let error = UserError(.internal, "\(error)")
                reporter.report(.failure(error))
                replies += PushReply.error(command.destination, .other(error.reason))
            }
        }
        return (replies + PushReply.endOfBatch, epilogues)
    }

    /// In an atomic batch the one deployment comes first: what can still fail then fails before anything is written.
    private static func ordered(_ updates: Resolved, _ options: PushOptions) -> Resolved {
        guard options.atomic else { return updates }
        let first = updates.filter { $0.1.success?.isDeployment ?? false }
        return first + updates.filter { !($0.1.success?.isDeployment ?? false) }
    }

    private typealias Resolved = [(PushCommand, Result<RefUpdate, any Error>)]

    private func resolve(_ batch: PushBatch) async -> Resolved {
        do throws(UserError) {
            try checkPushOptions(batch.options.pushOptions)
            let records = try await deployer.refs() ?? []
            let refs = Dictionary(records.map { ($0.ref, $0) }, uniquingKeysWith: { first, _ in first })
            let resolver = RefUpdateResolver(location: location, refs: refs, options: batch.options)
            return batch.updates.map { command in (command, Result { try resolver.resolve(command) }) }
        } catch {
            // Said once, answered for each.
            reporter.report(.failure(error))
            let refusal = Refusal(.other(error.reason))
            return batch.updates.map { ($0, .failure(refusal)) }
        }
    }

    /// The answer to an atomic batch of which a part is refused, or that would switch several environments.
    private func refuseWhole(_ batch: PushBatch, _ updates: Resolved) async -> [UInt8]? {
        guard batch.options.atomic, updates.count > 1 else { return nil }
        let refusals = updates.map { $0.1.failure as? Refusal }
        let deployments = updates.count { $0.1.success?.isDeployment ?? false }
        guard refusals.contains(where: { $0 != nil }) || deployments > 1 else { return nil }
        if deployments > 1 {
            reporter.report(
                .failure(
                    UserError(
                        .forbidden, "an atomic push cannot switch \(deployments) environments together",
                        hint: "push the branches one by one")))
        }
        var replies: [UInt8] = []
        for ((command, _), refusal) in zip(updates, refusals) {
            if let error = refusal?.error { reporter.report(.failure(error)) }
            replies += PushReply.error(command.destination, refusal?.reason ?? .atomicPushFailed)
        }
        return replies + PushReply.endOfBatch
    }

    /// This version knows no push options but the pusher's own.
    private func checkPushOptions(_ options: [String]) throws(UserError) {
        for option in options {
            let key = option.prefix { $0 != "=" }
            guard key.hasPrefix("x-") || key == "message" else {
                throw UserError(
                    .configInvalid, "the push option '\(key)' is not known",
                    hint: "known are message=<text> and keys that begin with x-")
            }
        }
    }

    private func message(_ options: PushOptions) -> String? {
        options.pushOptions.last { $0.hasPrefix("message=") }.map { String($0.dropFirst(8)) }
    }

    private func carryOut(_ update: RefUpdate, _ options: PushOptions) async throws -> Epilogue? {
        switch update.action {
        case .store(let id):
            if options.dryRun { return nil }
            try await deployer.ensureApp()
            try await SourcePush(location: location, connection: connection).send(id)
            try await deployer.changeRefs([RefChange(ref: update.ref, old: update.old?.hex, new: id.hex)])
            return nil
        case .delete:
            if !options.dryRun {
                try await deployer.changeRefs([RefChange(ref: update.ref, old: update.old?.hex, new: nil)])
            }
            return nil
        case .tearDown(let environment):
            guard let old = update.old, !options.dryRun else { return nil }
            try await deployer.removeEnvironment(environment, with: update.ref, expecting: old.hex)
            reporter.report(.notice("'\(update.ref.dropFirst(11))' is removed, and with it what was live from it"))
            return nil
        case .deploy(let commit, let config, let environment, let isPreview):
            return try await deploy(update, commit, config, environment, isPreview, options)
        }
    }

    private func deploy(
        _ update: RefUpdate, _ commit: Commit, _ config: ProjectConfig, _ environment: String, _ isPreview: Bool,
        _ options: PushOptions
    ) async throws -> Epilogue? {
        let began = ContinuousClock.now
        let plan = try PushPlan(
            update, commit: commit, config: config, environment: environment, isPreview: isPreview, location: location,
            target: try await deployer.describe())
        reporter.report(.headline(plan.headline(app: connection.app)))
        reportChangedFiles()
        for notice in plan.notices(app: connection.app) { reporter.report(.notice(notice)) }
        if let line = plan.evidence.line(now: Int64(time(nil))) { reporter.report(.finished(.test, line, nil)) }
        if options.dryRun {
            for process in plan.run.processes {
                reporter.report(.notice("\(process.name): \(process.command) (\(plan.run.origin))"))
            }
            return nil
        }
        try await deployer.ensureApp()
        let cache = try layerCache()
        let push = Push(
            location: location, connection: connection, builder: OwnBuilder(cache: cache),
            store: RegistryClient(
                baseURL: connection.baseURL, repository: connection.app.description, token: connection.token,
                transport: HTTPTransport(), memory: UploadMemory(folder: cache.folder)),
            deployer: deployer, reporter: reporter, message: message(options), layerFolder: cache.folder)
        let deployment = try await push.run(plan)
        return Epilogue(url: plan.web == nil ? nil : deployment.url, duration: ContinuousClock.now - began)
    }

    private func layerCache() throws(UserError) -> LayerCache {
        do {
            return try LayerCache(environment: location.environment)
        } catch {
            throw UserError(
                error.isNoSpace ? .quota : .buildFailed, "the cache folder '\(error.path)' cannot be made",
                hint: "make it writable, or set XDG_CACHE_HOME to another place", cause: error)
        }
    }

    private func reportChangedFiles() {
        guard let repository = try? location.open(), let count = try? repository.changedFileCount(), count > 0 else {
            return
        }
        reporter.report(
            .notice(
                "\(count) changed \(count == 1 ? "file" : "files") in this folder \(count == 1 ? "is" : "are") not in the commit"
            ))
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

extension RefUpdate {
    fileprivate var isDeployment: Bool { if case .deploy = action { true } else { false } }
}

extension Result {
    fileprivate var success: Success? { try? get() }
    fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
