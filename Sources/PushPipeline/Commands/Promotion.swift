internal import Deployers
internal import Diagnostics
internal import GitCore
internal import PlatformAPI
internal import RemoteHelper

/// An artifact that is there already becomes live in another environment: the very same digest, without a build.
struct Promotion: Sendable {
    let remote: CommandRemote
    let reporter: any Reporter
    /// The environment that it goes to.
    let environment: String

    /// - Parameters:
    ///   - what: a digest, `<environment>/<release>`, a release of this environment, an environment (what is live there), or
    ///     a revision.
    ///   - message: stands in the ledger instead of the commit's subject.
    /// - Returns: nil where it is live there already.
    func run(_ what: String, message: String?) async throws(UserError) -> Deployment? {
        let connection = try await remote.connection()
        let api = APIDeployer(connection, transport: remote.transport)
        guard let refs = try await api.refs() else { throw api.noApp }
        let target = DeployTarget(connection, location: remote.location, transport: remote.transport)
        let batch = try await remote.batch(target, reporter: reporter)
        let artifact = try await ArtifactSearch(location: remote.location, api: api, local: batch.local)
            .find(what, in: environment)
        let commit: Commit
        do throws(GitError) {
            let repository = try remote.location.open()
            commit = try repository.commit(try repository.resolve(artifact.commit))
        } catch {
            throw UserError(
                .configInvalid, "the commit \(artifact.commit.prefix(7)) of the artifact is not in this repository",
                hint: "git fetch \(try await remote.name())", cause: error)
        }
        let update: RefUpdate
        do throws(Refusal) {
            update = try RefUpdateResolver(
                local: batch.local,
                refs: Dictionary(refs.map { ($0.ref, $0) }, uniquingKeysWith: { first, _ in first }),
                options: PushOptions()
            ).promotion(of: commit, to: environment)
        } catch {
            throw error.error ?? UserError(.configInvalid, error.reason.sentence)
        }
        guard case .deploy(_, let config, _, let isPreview) = update.action else { return nil }
        var wishes = PushWishes()
        wishes.message = message
        let plan = try PushPlan(
            .init(update: update, commit: commit, config: config, environment: environment, isPreview: isPreview),
            wishes: wishes, settings: batch.settings, target: target, description: try await api.describe())
        reporter.report(.headline(plan.headline(app: target.app)))
        reporter.report(.finished(.build, "not built: \(artifact.reference)", nil))
        return try await batch.push(for: plan, wishes).promote(artifact.reference, plan)
    }
}
