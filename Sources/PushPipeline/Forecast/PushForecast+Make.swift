internal import Deployers
package import Diagnostics
internal import GitCore
internal import PlatformAPI
internal import ProjectConfig
internal import RemoteHelper

/// `git bim plan`.
extension PushForecast {
    /// Looks what a push would do.
    ///
    /// - Parameters:
    ///   - revision: a branch, or what the branch that is checked out would become; nil is that branch.
    ///   - wanted: another environment than the branch stands for.
    /// - Throws: what keeps from looking; what speaks against the push is in `refusal`.
    package static func make(
        _ revision: String?, to wanted: String?, remote: String?, environment: [String: String]
    ) async throws(UserError) -> PushForecast {
        let remote = try await CommandRemote(remote, environment: environment)
        let batch = try await remote.batch(try await remote.target(), reporter: SilentReporter())
        return try await batch.forecast(try batch.local.command(revision), to: wanted)
    }

    /// Lines for a terminal, or the whole as JSON; a push that would be refused has its code's exit status.
    package var output: CommandOutput {
        var output = CommandOutput(text, json: self)
        output.exitStatus = refusal.map { $0.code?.exitStatus ?? 1 } ?? 0
        return output
    }
}

extension LocalRefs {
    /// The push that a word on the command line stands for.
    func command(_ revision: String?) throws(UserError) -> PushCommand {
        if let revision, known["refs/heads/" + revision] != nil {
            return PushCommand(source: Array("refs/heads/\(revision)".utf8), destination: "refs/heads/\(revision)")
        }
        let head: String?
        do { head = try location.open().branchNameOfHead() } catch { throw error.userError }
        guard let head, head.hasPrefix("refs/heads/") else {
            throw UserError(.branchNotMapped, "no branch is checked out here", hint: "git switch <branch>")
        }
        return PushCommand(source: Array((revision ?? "HEAD").utf8), destination: head)
    }
}

extension PushBatchRun {
    fileprivate func forecast(_ command: PushCommand, to wanted: String?) async throws(UserError) -> PushForecast {
        let refs = try await liveRefs()
        let resolver = RefUpdateResolver(
            local: local, refs: refs, options: PushOptions(), policy: policy, environment: wanted)
        var forecast = PushForecast(app: target.app.description, ref: command.destination)
        forecast.changedFiles = changedFileCount
        forecast.startsPlatform = !target.isRunning
        do {
            let repository = try local.location.open()
            let revision = String(decoding: command.source ?? [], as: UTF8.self)
            let commit = try repository.commit(try local.objectID(revision, in: repository))
            forecast.commit = .init(id: commit.id.hex, summary: commit.summary)
        } catch let error as UserError {
            throw error
        } catch let error as GitError {
            throw error.userError
        } catch {
            throw UserError(.internal, "\(error)")
        }
        if let live = refs[command.destination] {
            forecast.environment = live.environment
            forecast.live = .init(commit: live.objectID, release: live.release)
        }
        do throws(Refusal) {
            let update = try resolver.resolve(command)
            return try await self.forecast(update, forecast)
        } catch {
            forecast.isUpToDate = error.reason == .upToDate
            if !forecast.isUpToDate { forecast.refusal = .init(error) }
            return forecast
        }
    }

    private func forecast(_ update: RefUpdate, _ begun: PushForecast) async throws(Refusal) -> PushForecast {
        guard case .deploy(let commit, let config, let environment, let isPreview) = update.action else {
            var forecast = begun
            if case .keep = update.action {
                forecast.isUpToDate = true
            } else {
                forecast.notices.append("would be stored, and deploys nothing")
            }
            return forecast
        }
        let subject = PushPlan.Subject(
            update: update, commit: commit, config: config, environment: environment, isPreview: isPreview)
        do throws(UserError) {
            let description = try await target.deployer.describe()
            return await forecast(
                try PushPlan(
                    subject, wishes: PushWishes(), settings: settings, target: target, description: description))
        } catch {
            throw Refusal(error)
        }
    }
}

extension PushForecast.Refusal {
    fileprivate init(_ refusal: Refusal) {
        if let error = refusal.error {
            self.init(error)
        } else {
            let isBehind = refusal.reason.code == .nonFastForward || refusal.reason == .fetchFirst
            self.init(
                code: refusal.reason.code,
                message: isBehind ? "what is live is not an ancestor of the commit" : refusal.reason.sentence,
                hint: isBehind ? "git fetch, look at what is live, and merge or rebase" : nil)
        }
    }
}
