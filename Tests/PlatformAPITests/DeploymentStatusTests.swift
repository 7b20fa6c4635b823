import PlatformAPI
import Testing

struct DeploymentStatusTests {
    /// What the contract draws: `queued → pulling → starting → healthy`, and the ways out of each.
    private static let allowed: [DeploymentStatus: Set<DeploymentStatus>] = [
        .queued: [.pulling, .failed, .canceled, .superseded],
        .pulling: [.starting, .failed, .canceled, .superseded],
        .starting: [.healthy, .failed, .canceled, .superseded],
        .healthy: [.rolledBack],
        .failed: [], .canceled: [], .superseded: [], .rolledBack: [],
    ]

    @Test("a status becomes what the contract allows and nothing else", arguments: DeploymentStatus.allCases)
    func transitions(status: DeploymentStatus) {
        let next = DeploymentStatus.allCases.filter { status.canBecome($0) }
        #expect(Set(next) == Self.allowed[status])
    }

    @Test(
        "the wire's name and whether it is an end",
        arguments: [
            (DeploymentStatus.queued, "queued", false), (.pulling, "pulling", false), (.starting, "starting", false),
            (.healthy, "healthy", true), (.failed, "failed", true), (.canceled, "canceled", true),
            (.superseded, "superseded", true), (.rolledBack, "rolled_back", true),
        ])
    func names(status: DeploymentStatus, name: String, isFinal: Bool) {
        #expect(status.rawValue == name)
        #expect(status.isFinal == isFinal)
    }
}
