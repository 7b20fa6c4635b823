package import Diagnostics
package import PlatformAPI

/// Hands an artifact over to a platform and tells how it fares.
package protocol Deployer: Sendable {
    /// What the platform is and which images it can run.
    func describe() async throws(UserError) -> PlatformDescription
    /// The app's refs as they are now; nil when there is no such app.
    func refs() async throws(UserError) -> [RefRecord]?
    /// Makes the app when it does not exist, where the platform lets this user.
    func ensureApp() async throws(UserError)
    /// Deploys and follows the deployment to its end, which need not be a good one.
    ///
    /// When the task is canceled the deployment is canceled on the other side, too. One that finds its environment busy
    /// waits for its turn.
    /// - Parameter patience: after this time the deployment is left to itself and returned as it stands; nil waits.
    func deploy(
        _ request: DeploymentRequest, patience: Duration?, onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment
    /// Removes a branch, which must have this object id, and its environment with the release when no later branch has it.
    func removeEnvironment(_ name: String, with ref: String, expecting objectID: String) async throws(UserError)
    /// Moves refs that deploy nothing, all of them or none.
    func changeRefs(_ changes: [RefChange]) async throws(UserError)
}
