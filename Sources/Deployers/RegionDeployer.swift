package import Diagnostics
package import PlatformAPI

/// One of several platforms that an environment is deployed to.
package struct Region: Sendable {
    /// What messages call it: the host.
    package let name: String
    package let app: AppID
    package let deployer: any HoldingDeployer

    package init(name: String, app: AppID, deployer: any HoldingDeployer) {
        self.name = name
        self.app = app
        self.deployer = deployer
    }
}

/// Deploys to several platforms as to one: started everywhere, and none switches before all are healthy.
///
/// git sees the first, whose ref moves last: it moves only when all others have switched, so a push that was rejected can
/// simply be made again.
package struct RegionDeployer: Deployer {
    private let first: Region
    private let others: [Region]

    private var all: [Region] { others + [first] }

    /// - Parameter first: the platform that the remote's own URL names.
    package init(first: Region, others: [Region]) {
        self.first = first
        self.others = others
    }

    /// The first platform's description, with what all of them can do.
    package func describe() async throws(UserError) -> PlatformDescription {
        var common = try await first.deployer.describe()
        try common.require("hold", for: "a deployment to several regions", at: first.name)
        for region in others {
            let description = try await named(region) { () async throws(UserError) in
                let description = try await region.deployer.describe()
                try description.require("hold", for: "a deployment to several regions", at: region.name)
                return description
            }
            common.platforms = common.platforms.filter { description.platforms.contains($0) }
            common.artifactKinds = common.artifactKinds.filter { description.artifactKinds.contains($0) }
            common.features = common.features.filter { description.features.contains($0) }
        }
        return common
    }

    package func refs() async throws(UserError) -> [RefRecord]? { try await first.deployer.refs() }

    package func ensureApp() async throws(UserError) {
        for region in all {
            try await named(region) { () async throws(UserError) in try await region.deployer.ensureApp() }
        }
    }

    package func changeRefs(_ changes: [RefChange]) async throws(UserError) {
        try await first.deployer.changeRefs(changes)
    }

    package func removeEnvironment(
        _ name: String, with ref: String, expecting objectID: String
    ) async throws(UserError) {
        try await first.deployer.removeEnvironment(name, with: ref, expecting: objectID)
    }

    /// - Throws: `CONFIG_INVALID` for a push that does not want to wait, as it is this that says the word to switch.
    package func deploy(
        _ request: DeploymentRequest, patience: Duration?, onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment {
        guard patience == nil else {
            throw UserError(
                .configInvalid, "a push to several regions has to wait: it lets them switch together",
                hint: "push without -o detach and -o wait")
        }
        let held = try await holdAll(request, onEvent)
        guard held.allSatisfy({ $0.1.phase == DeploymentPhase.held.rawValue && !$0.1.status.isFinal }) else {
            return try await giveUp(held)
        }
        return try await switchAll(held, onEvent)
    }

    private typealias Outcome = (Region, Deployment)

    /// Starts everywhere; the first that will not be healthy ends the wait for the others.
    private func holdAll(
        _ request: DeploymentRequest, _ onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> [Outcome] {
        let result = await withTaskGroup(of: (Region, Result<Deployment, UserError>).self) { group in
            for region in all {
                group.addTask {
                    do throws(UserError) {
                        let request = try await self.request(request, for: region)
                        let deployment = try await region.deployer.hold(request) { event in
                            var event = event
                            event.message = "\(region.name): \(event.message)"
                            if event.type != .end { onEvent(event) }
                        }
                        return (region, .success(deployment))
                    } catch {
                        return (region, .failure(error.named(region)))
                    }
                }
            }
            var outcomes: [Outcome] = []
            var failure: UserError?
            for await (region, result) in group {
                switch result {
                case .success(let deployment):
                    outcomes.append((region, deployment))
                    if deployment.status.isFinal { group.cancelAll() }
                case .failure(let error):
                    // Those that come after it were canceled because of it.
                    failure = failure ?? error
                    group.cancelAll()
                }
            }
            return (outcomes, failure)
        }
        guard let failure = result.1 else { return result.0 }
        if result.0.contains(where: { $0.1.isTrouble }) { return result.0 }
        await abandon(result.0)
        throw failure
    }

    /// What a region gets: the name that the app has there, and what its own ref is.
    private func request(
        _ request: DeploymentRequest, for region: Region
    ) async throws(UserError) -> DeploymentRequest {
        guard region.name != first.name else { return request }
        var request = request
        let own = "\(first.app)@"
        if request.artifact.reference.hasPrefix(own) {
            request.artifact.reference = "\(region.app)@" + request.artifact.reference.dropFirst(own.count)
        }
        // Stored refs are kept where git sees them.
        request.refs = nil
        request.oldCommit = try await region.deployer.refs()?.first { [ref = request.ref] in $0.ref == ref }?.objectID
        return request
    }

    /// All keep what they have; the one that failed of itself says why.
    private func giveUp(_ outcomes: [Outcome]) async throws(UserError) -> Deployment {
        await abandon(outcomes)
        let failed = outcomes.first { $0.1.isTrouble } ?? outcomes.first { $0.1.status.isFinal }
        guard let (region, deployment) = failed else {
            throw UserError(.interrupted, "interrupted", hint: "push again")
        }
        var answer = deployment
        if let failure = deployment.failure {
            answer.failure?.message = "\(region.name): \(failure.message); no region has switched"
        }
        return answer
    }

    private func abandon(_ outcomes: [Outcome]) async {
        await withTaskGroup(of: Void.self) { group in
            for (region, deployment) in outcomes where !deployment.status.isFinal {
                group.addTask { await region.deployer.abandon(deployment) }
            }
        }
    }

    /// Switches the others, all at once, and then the first; from the first word on nothing is canceled any more.
    private func switchAll(
        _ held: [Outcome], _ onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment {
        let results = await withTaskGroup(of: (Region, Deployment?, UserError?).self) { group in
            for (region, deployment) in held where region.name != first.name {
                group.addTask {
                    do throws(UserError) {
                        return (region, try await region.deployer.letSwitch(deployment), nil)
                    } catch {
                        return (region, nil, error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let live = results.filter { $0.1?.status == .healthy }.map(\.0.name).sorted()
        guard live.count == others.count, let own = held.first(where: { $0.0.name == first.name }) else {
            await abandon(held.filter { $0.0.name == first.name })
            let failed = results.first { $0.1?.status != .healthy }
            throw partial(failed?.2 ?? failed?.1?.failure.map { UserError($0.code, $0.message) }, failed?.0, live)
        }
        let answer: Deployment
        do throws(UserError) { answer = try await first.deployer.letSwitch(own.1) } catch {
            throw partial(error, first, live)
        }
        guard answer.status == .healthy else {
            throw partial(answer.failure.map { UserError($0.code, $0.message) }, first, live)
        }
        for (region, deployment, _) in results {
            onEvent(
                DeploymentEvent(
                    id: 0, time: "", type: .notice, phase: nil,
                    message: "\(region.name): release \(deployment?.release ?? 0), \(deployment?.url ?? "no URL")"))
        }
        return answer
    }

    /// The one case in which regions differ: they were all healthy, and the switch itself failed in some.
    private func partial(_ error: UserError?, _ region: Region?, _ live: [String]) -> UserError {
        let place = region?.name ?? "a region"
        let others =
            live.isEmpty ? "no other has" : "\(live.joined(separator: ", ")) \(live.count == 1 ? "has" : "have")"
        return UserError(
            error?.code ?? .platformUnavailable,
            "\(place) did not switch, and \(others) the new release: \(error?.message ?? "no reason was given")",
            hint: "push again, which makes all of them the same")
    }

    private func named<Value>(
        _ region: Region, _ body: () async throws(UserError) -> Value
    ) async throws(UserError) -> Value {
        do throws(UserError) { return try await body() } catch { throw error.named(region) }
    }
}

extension Deployment {
    /// Whether it ended, and not because another region did.
    fileprivate var isTrouble: Bool { status.isFinal && status != .canceled }
}

extension UserError {
    fileprivate func named(_ region: Region) -> UserError {
        message.contains(region.name) ? self : UserError(code, "\(region.name): \(message)", hint: hint)
    }
}
