internal import Deployers
internal import Diagnostics
internal import GitCore
internal import PlatformAPI

/// Finds the artifact that is meant among what was deployed and what was built here.
struct ArtifactSearch: Sendable {
    let location: RepositoryLocation
    let api: APIDeployer
    let local: LocalRefs

    /// - Parameters:
    ///   - what: a digest, `<environment>/<release>`, a release's number, an environment (what is live there), or a
    ///     revision.
    ///   - environment: whose release a number alone is.
    func find(_ what: String, in environment: String) async throws(UserError) -> KnownArtifact {
        if let at = what.firstRange(of: "sha256:") {
            let digest = what[at.lowerBound...]
            return try await known("the artifact \(digest)") { $0.digest == digest }
        }
        let environments = try await api.environments()
        let parts = what.split(separator: "/", maxSplits: 1).map(String.init)
        if parts.count == 2, let number = Int(parts[1]), environments.contains(where: { $0.name == parts[0] }) {
            return try await release(number, of: parts[0])
        }
        if let found = environments.first(where: { $0.name == what }) {
            guard let live = found.liveRelease else {
                throw UserError(.appNotFound, "nothing is live in '\(what)'", hint: "git bim status")
            }
            return try await release(live, of: what)
        }
        if let number = Int(what), what.count < 7 { return try await release(number, of: environment) }
        let id: ObjectID
        let repository: Repository
        do throws(GitError) { repository = try local.location.open() } catch { throw error.userError }
        let object = try local.objectID(what, in: repository)
        do throws(GitError) { id = try repository.commit(object).id } catch { throw error.userError }
        return try await known("an artifact of \(id.abbreviated())") { $0.commit == id.hex }
    }

    private func release(_ number: Int, of name: String) async throws(UserError) -> KnownArtifact {
        guard let found = try await api.releases(of: name).first(where: { $0.number == number }) else {
            throw UserError(.appNotFound, "'\(name)' has no release \(number)", hint: "git bim log \(name)")
        }
        return KnownArtifact(reference: found.artifact, commit: found.commit)
    }

    /// What was deployed, the newest first, else what was built here.
    private func known(
        _ what: String, _ isWanted: (KnownArtifact) -> Bool
    ) async throws(UserError) -> KnownArtifact {
        let deployed = try await api.deployments(of: nil, limit: 100)
            .map { KnownArtifact(reference: $0.artifact.reference, commit: $0.commit) }
        if let found = deployed.first(where: isWanted) { return found }
        let folder = try? location.open().commonDirectory
        let built = folder.map { ArtifactMemory(commonDirectory: $0).all() } ?? []
        if let found = built.first(where: isWanted) { return found }
        throw UserError(.appNotFound, "\(what) is not known here", hint: "git bim build <commit>  makes one")
    }
}
