internal import PlatformAPI

/// Taking a request in.
extension DeploymentEngine {
    /// Begins a deployment in the ledger and here.
    ///
    /// - Throws: what `Ledger.beginDeployment` throws.
    func accept(
        _ request: DeploymentRequest, in environment: EnvironmentID, idempotencyKey: String?, asked: String? = nil,
        config: Ledger.ConfigSource = .environment
    ) async throws -> Deployment {
        let own = await openPorts()
        let ports = PortChoice(candidates: EnvironmentPorts.candidates(for: environment)) {
            own.contains($0) || LoopbackPort.isFree($0)
        }
        // Addresses that were signed for this deployment alone are secrets, and soon worth nothing.
        var remembered = request
        remembered.artifact.urls = nil
        let begun = try await parts.ledger.beginDeployment(
            id: "dpl_" + randomHex(bytes: 10), remembered, in: environment, ports: ports,
            idempotencyKey: idempotencyKey,
            asked: asked, config: config)
        if let record = begun.environment { begin(begun.deployment, request, in: record) }
        return begun.deployment
    }
}
