internal import Deployers
package import Diagnostics
internal import GitCore
internal import PlatformAPI
internal import ProjectConfig
internal import RemoteHelper

/// `git bim build`: makes a commit's artifact and uploads it; nothing is deployed.
package enum ArtifactBuild {
    private struct Document: Encodable {
        let v = JSONShape.version
        let app: String
        /// Repository and digest, as a deployment names it.
        let reference: String
        let digest: String
        let kind: String
        let commit: String
    }

    /// - Parameter revision: nil is what is checked out.
    package static func run(
        _ revision: String?, remote: String?, variables: [String: String]
    ) async throws(UserError) -> CommandOutput {
        let remote = try await CommandRemote(remote, environment: variables)
        let reporter = LineReporter.forCommand(variables)
        let target = try await remote.target(reporter)
        let batch = try await remote.batch(target, reporter: reporter)
        let plan = try await batch.artifactPlan(of: revision ?? "HEAD")
        reporter.report(
            .headline("\(target.app)  \(plan.commit.id.abbreviated()) \"\(plan.commit.summary)\", to be built alone"))
        try await target.deployer.ensureApp()
        let reference = try await batch.push(for: plan, PushWishes()).makeArtifact(of: plan)
        let known = KnownArtifact(reference: reference, commit: plan.commit.id.hex)
        if let folder = try? remote.location.open().commonDirectory {
            ArtifactMemory(commonDirectory: folder).remember(known)
        }
        return CommandOutput(
            reference,
            json: Document(
                app: target.app.description, reference: reference, digest: String(known.digest),
                kind: plan.config.artifact.rawValue, commit: known.commit))
    }
}

extension PushBatchRun {
    /// What building a commit needs to know; it belongs to no environment, and asks for no tests.
    fileprivate func artifactPlan(of revision: String) async throws(UserError) -> PushPlan {
        let (commit, config) = try commit(revision)
        let update = RefUpdate(
            ref: "refs/heads/artifact", old: nil, pushedID: commit.id,
            action: .deploy(commit, config, environment: "artifact", isPreview: true), isForced: false,
            losesCommits: false)
        return try PushPlan(
            .init(update: update, commit: commit, config: config, environment: "artifact", isPreview: true),
            wishes: PushWishes(), settings: settings, target: target,
            description: try await target.deployer.describe())
    }

    /// A commit with its configuration.
    func commit(_ revision: String) throws(UserError) -> (Commit, ProjectConfig) {
        let repository: Repository
        let commit: Commit
        do throws(GitError) { repository = try local.location.open() } catch { throw error.userError }
        let id = try local.objectID(revision, in: repository)
        do throws(GitError) { commit = try repository.commit(id) } catch { throw error.userError }
        let resolver = RefUpdateResolver(local: local, refs: [:], options: PushOptions())
        do throws(Refusal) {
            return (commit, try resolver.configuration(of: commit, repository))
        } catch {
            throw error.error ?? UserError(.configInvalid, error.reason.sentence)
        }
    }
}
