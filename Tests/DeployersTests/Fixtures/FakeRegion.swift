import Diagnostics
import PlatformAPI
import Synchronization

@testable import Deployers

/// A platform in memory that does what its test says, and writes down what it was asked, in a list that all share.
struct FakeRegion: HoldingDeployer {
    /// What becomes of a deployment.
    enum Fate: Sendable {
        case healthy, crashes, unreachable
        /// Never healthy, and ended by a cancellation alone.
        case slow
        /// Healthy, and then the switch fails.
        case stuck
    }

    let name: String
    let fate: Fate
    let log: Told<String>
    var features = ["hold"]
    var current: String?

    func describe() async throws(UserError) -> PlatformDescription {
        PlatformDescription(
            version: "1", platforms: [.init(os: "linux", architecture: "amd64")], artifactKinds: ["image"],
            features: features)
    }

    func refs() async throws(UserError) -> [RefRecord]? {
        current.map {
            [RefRecord(ref: "refs/heads/main", objectID: $0, environment: "production", release: 1, updatedAt: "")]
        } ?? []
    }

    func ensureApp() async throws(UserError) { log.add("\(name) app") }

    func deploy(
        _ request: DeploymentRequest, patience: Duration?, onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment { throw UserError(.internal, "deployed without the others") }

    func removeEnvironment(_ name: String, with ref: String, expecting objectID: String) async throws(UserError) {}

    func changeRefs(_ changes: [RefChange]) async throws(UserError) { log.add("\(name) refs") }

    func hold(
        _ request: DeploymentRequest, onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment {
        log.add("\(name) hold \(request.artifact.reference) on \(request.oldCommit ?? "nothing")")
        switch fate {
        case .healthy, .stuck: return deployment(.starting, phase: "held")
        case .crashes: return deployment(.failed)
        case .unreachable: throw UserError(.platformUnavailable, "it does not answer", hint: "push again")
        case .slow:
            // Nothing ever comes; it ends when the task is canceled.
            for await _ in AsyncStream<Never>.makeStream().stream {}
            log.add("\(name) canceled")
            return deployment(.canceled)
        }
    }

    func letSwitch(_ deployment: Deployment) async throws(UserError) -> Deployment {
        log.add("\(name) switch")
        if case .stuck = fate { throw UserError(.staleRef, "the ref has moved") }
        return self.deployment(.healthy)
    }

    func abandon(_ deployment: Deployment) async { log.add("\(name) abandon") }

    private func deployment(_ status: DeploymentStatus, phase: String? = nil) -> Deployment {
        var deployment = ScriptedPlatform.deployment(status)
        deployment.phase = phase
        if status == .failed {
            deployment.failure = DeploymentFailure(code: .crashed, phase: "checking", message: "'web' ended")
        }
        return deployment
    }
}
