package import Diagnostics
package import PlatformAPI

/// A deployer that can stop before the switch, so that several switch together or not at all.
package protocol HoldingDeployer: Deployer {
    /// Deploys as far as to the switch; when the task is canceled the deployment is canceled on the other side, too.
    ///
    /// - Returns: the deployment, healthy and waiting in phase `held`, or over without having got there.
    func hold(
        _ request: DeploymentRequest, onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment
    /// Lets a deployment that is held switch, and follows it to its end.
    func letSwitch(_ deployment: Deployment) async throws(UserError) -> Deployment
    /// Cancels a deployment that is held, whatever becomes of that; it would cancel itself in the end.
    func abandon(_ deployment: Deployment) async
}

extension APIDeployer: HoldingDeployer {
    package func hold(
        _ request: DeploymentRequest, onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment {
        var request = request
        request.hold = true
        let started = try await inTurn(request, nil, onEvent)
        do {
            try Task.checkCancellation()
            return try await toThePhase(.held, started, onEvent)
        } catch {
            return try await cancel(started.id, because: error)
        }
    }

    package func letSwitch(_ deployment: Deployment) async throws(UserError) -> Deployment {
        // Once some have switched the others shall, whatever becomes of us.
        try await uncanceled { () async throws(UserError) -> Deployment in
            let answer = try await send("POST", "/deployments/\(deployment.id)/switch")
            _ = try decode(Deployment.self, answer, expecting: [202])
            do {
                return try await toTheEnd(deployment.id) { _ in }
            } catch {
                throw error as? UserError ?? unavailable(error)
            }
        }
    }

    package func abandon(_ deployment: Deployment) async {
        _ = try? await cancel(deployment.id, because: CancellationError())
    }

    /// Follows a deployment until it is in a phase, or over.
    private func toThePhase(
        _ phase: DeploymentPhase, _ started: Deployment, _ onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws -> Deployment {
        try await withThrowingTaskGroup(of: Deployment?.self) { group in
            let (reached, reach) = AsyncStream.makeStream(of: Void.self)
            group.addTask {
                try await toTheEnd(started.id) { event in
                    onEvent(event)
                    if event.type == .status, event.phase == phase.rawValue { reach.yield() }
                }
            }
            group.addTask {
                for await _ in reached {
                    var held = started
                    held.phase = phase.rawValue
                    return held
                }
                return nil
            }
            defer { group.cancelAll() }
            for try await deployment in group { if let deployment { return deployment } }
            throw CancellationError()
        }
    }
}
