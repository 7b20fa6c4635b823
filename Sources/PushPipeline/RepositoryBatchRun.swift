internal import Deployers
internal import Diagnostics
internal import GitCore
internal import PlatformAPI
internal import RemoteHelper

/// Carries out one batch of git on a repository that only keeps the source: every destination gets exactly one answer.
struct RepositoryBatchRun: Sendable {
    let remote: RepositoryRemote
    let local: LocalRefs
    let reporter: any Reporter

    /// Answers for all updates of the batch, in order.
    func run(_ batch: PushBatch) async -> [UInt8] {
        do throws(UserError) {
            let refs = try await remote.server.refs(receivePack: batch.options.servicePath)
            return await answer(
                batch,
                RefUpdateResolver(
                    local: local,
                    refs: Dictionary(refs.map { ($0.ref, $0) }, uniquingKeysWith: { first, _ in first }),
                    options: batch.options, policy: .never))
        } catch {
            reporter.report(.failure(error))
            return PushReply.refusal(of: batch, .other(error.reason))
        }
    }

    /// The answers of the other end, in pieces that fit an argument list; a failure is the answer of each that has none.
    private func send(_ updates: [RefUpdate], _ options: PushOptions) async -> [String: RepositoryRemote.Answer] {
        var answers: [String: RepositoryRemote.Answer] = [:]
        let size = options.atomic ? max(updates.count, 1) : 5000
        for start in stride(from: 0, to: updates.count, by: size) {
            let piece = Array(updates[start..<min(start + size, updates.count)])
            do throws(UserError) {
                answers.merge(try await remote.send(piece, options)) { first, _ in first }
            } catch {
                reporter.report(.failure(error))
                for update in piece { answers[update.ref] = .refused(.other(error.reason)) }
            }
        }
        return answers
    }

    private func answer(_ batch: PushBatch, _ resolver: RefUpdateResolver) async -> [UInt8] {
        var updates: [RefUpdate] = []
        var refusals: [String: RejectReason] = [:]
        for command in batch.updates {
            do throws(Refusal) {
                updates.append(try resolver.resolve(command))
            } catch {
                if let said = error.error { reporter.report(.failure(said)) }
                refusals[command.destination] = error.reason
            }
        }
        let isWhole = !batch.options.atomic || refusals.values.allSatisfy { $0 == .upToDate }
        let answers = isWhole ? await send(updates, batch.options) : [:]
        let loses = Dictionary(updates.map { ($0.ref, $0.losesCommits) }, uniquingKeysWith: { first, _ in first })
        return batch.updates.flatMap { command in
            let ref = command.destination
            let refusal = refusals[ref] ?? Self.refusal(answers[ref], of: ref, batch.options)
            reporter.report(
                .answered(
                    ref: ref, code: refusal?.code, reason: refusal.flatMap { $0 == .upToDate ? nil : $0.sentence }))
            if let refusal { return PushReply.error(ref, refusal) }
            return PushReply.ok(ref, forced: loses[ref] ?? false)
        } + PushReply.endOfBatch
    }

    private static func refusal(
        _ answer: RepositoryRemote.Answer?, of ref: String, _ options: PushOptions
    ) -> RejectReason? {
        switch answer {
        case .ok: nil
        // Ours is a lease on what we have checked; without one of the user's, somebody was faster.
        case .refused(.staleInfo) where options.leases[ref] == nil: .fetchFirst
        case .refused(let reason): reason
        case nil: options.atomic ? .atomicPushFailed : .other("not sent")
        }
    }
}
