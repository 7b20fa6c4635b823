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
        let artifact = try await find(what, api, batch.local)
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

/// Finding what is meant.
extension Promotion {
    private func find(_ what: String, _ api: APIDeployer, _ local: LocalRefs) async throws(UserError) -> KnownArtifact {
        if let at = what.firstRange(of: "sha256:") {
            let digest = what[at.lowerBound...]
            return try await known("the artifact \(digest)", api) { $0.digest == digest }
        }
        let environments = try await api.environments()
        let parts = what.split(separator: "/", maxSplits: 1).map(String.init)
        if parts.count == 2, let number = Int(parts[1]), environments.contains(where: { $0.name == parts[0] }) {
            return try await release(number, of: parts[0], api)
        }
        if let found = environments.first(where: { $0.name == what }) {
            guard let live = found.liveRelease else {
                throw UserError(.appNotFound, "nothing is live in '\(what)'", hint: "git bim status")
            }
            return try await release(live, of: what, api)
        }
        if let number = Int(what), what.count < 7 { return try await release(number, of: environment, api) }
        let id: ObjectID
        let repository: Repository
        do throws(GitError) { repository = try local.location.open() } catch { throw error.userError }
        let object = try local.objectID(what, in: repository)
        do throws(GitError) { id = try repository.commit(object).id } catch { throw error.userError }
        return try await known("an artifact of \(id.abbreviated())", api) { $0.commit == id.hex }
    }

    private func release(_ number: Int, of name: String, _ api: APIDeployer) async throws(UserError) -> KnownArtifact {
        guard let found = try await api.releases(of: name).first(where: { $0.number == number }) else {
            throw UserError(.appNotFound, "'\(name)' has no release \(number)", hint: "git bim log \(name)")
        }
        return KnownArtifact(reference: found.artifact, commit: found.commit)
    }

    /// What was deployed, the newest first, else what was built here.
    private func known(
        _ what: String, _ api: APIDeployer, _ isWanted: (KnownArtifact) -> Bool
    ) async throws(UserError) -> KnownArtifact {
        let deployed = try await api.deployments(of: nil, limit: 100)
            .map { KnownArtifact(reference: $0.artifact.reference, commit: $0.commit) }
        if let found = deployed.first(where: isWanted) { return found }
        let folder = try? remote.location.open().commonDirectory
        let built = folder.map { ArtifactMemory(commonDirectory: $0).all() } ?? []
        if let found = built.first(where: isWanted) { return found }
        throw UserError(.appNotFound, "\(what) is not known here", hint: "git bim build <commit>  makes one")
    }
}
