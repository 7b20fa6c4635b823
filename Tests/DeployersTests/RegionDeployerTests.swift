import Diagnostics
import HTTPTransport
import PlatformAPI
import Testing

@testable import Deployers

/// Several platforms that switch together or not at all.
struct RegionDeployerTests {
    private let log = Told<String>()

    private func region(
        _ name: String, _ fate: FakeRegion.Fate, features: [String] = ["hold"], current: String? = nil
    ) -> Region {
        Region(
            name: name, app: AppID(user: "acme", app: name == "eu" ? "api" : "api-\(name)"),
            deployer: FakeRegion(name: name, fate: fate, log: log, features: features, current: current))
    }

    private func deploy(_ first: Region, _ others: Region...) async throws -> Deployment {
        try await RegionDeployer(first: first, others: others).deploy(ScriptedPlatform.request, patience: nil) { _ in }
    }

    @Test("All are started, each under its own name and on its own ref; the first, which git sees, switches last")
    func together() async throws {
        let deployment = try await deploy(
            region("eu", .healthy), region("us", .healthy, current: "old"), region("ap", .healthy))
        #expect(deployment.status == .healthy)
        #expect(
            log.all.prefix(3).sorted() == [
                "ap hold acme/api-ap@sha256:1 on nothing", "eu hold acme/api@sha256:1 on nothing",
                "us hold acme/api-us@sha256:1 on old",
            ])
        #expect(log.all.dropFirst(3).dropLast().sorted() == ["ap switch", "us switch"])
        #expect(log.all.last == "eu switch")
    }

    @Test("Where one crashes no region switches, the others are canceled, and the message names it")
    func crash() async throws {
        let deployment = try await deploy(region("eu", .healthy), region("us", .crashes), region("ap", .slow))
        #expect(deployment.status == .failed)
        #expect(deployment.failure?.code == .crashed)
        #expect(deployment.failure?.message == "us: 'web' ended; no region has switched")
        #expect(!log.all.contains { $0.hasSuffix("switch") })
        #expect(log.all.contains("ap canceled"))
    }

    @Test("Where one cannot be reached no region switches, and the message names it", arguments: [true, false])
    func unreachable(_ isFirst: Bool) async throws {
        let (far, near) = (region("us", .unreachable), region("eu", .healthy))
        await #expect { try await isFirst ? deploy(far, near) : deploy(near, far) } throws: { error in
            let error = error as? UserError
            return error?.code == .platformUnavailable && error?.message == "us: it does not answer"
        }
        #expect(!log.all.contains { $0.hasSuffix("switch") })
    }

    @Test("Where a switch fails, git's branch stays, and what differs is said")
    func stuck() async throws {
        await #expect {
            try await deploy(region("eu", .healthy), region("us", .stuck), region("ap", .healthy))
        } throws: { error in
            let error = error as? UserError
            return error?.code == .staleRef
                && error?.message == "us did not switch, and ap has the new release: the ref has moved"
                && error?.hint == "push again, which makes all of them the same"
        }
        #expect(!log.all.contains("eu switch"))
        #expect(log.all.contains("eu abandon"))
    }

    @Test("A push that does not wait, and a platform that cannot hold, are refused before anything begins")
    func refused() async throws {
        let old = RegionDeployer(
            first: region("eu", .healthy), others: [region("us", .healthy, features: [])])
        await #expect { try await old.describe() } throws: { error in
            let error = error as? UserError
            return error?.code == .platformVersion && error?.message.contains("'us' is too old") == true
        }
        await #expect {
            try await old.deploy(ScriptedPlatform.request, patience: .zero) { _ in }
        } throws: { ($0 as? UserError)?.code == .configInvalid }
        #expect(log.all == [])
    }

    @Test("A push that is interrupted cancels everywhere")
    func interrupted() async throws {
        let task = Task { try await deploy(region("eu", .slow), region("us", .slow)) }
        while log.all.count < 2 { try await Task.sleep(for: .milliseconds(1)) }
        task.cancel()
        _ = try? await task.value
        #expect(log.all.suffix(2).sorted() == ["eu canceled", "us canceled"])
    }
}

/// The API's own way of holding and switching.
struct HoldingAPITests {
    private static let held = DeploymentEvent(
        id: 1, time: "2030-01-02T03:04:05Z", type: .status, phase: "held", message: "healthy")

    private func peer() async throws -> ScriptedPeer {
        try await ScriptedPeer { request, number in
            if request.path.hasSuffix("/switch") {
                return [.answer(202, ScriptedPlatform.json(ScriptedPlatform.deployment(.starting)))]
            }
            guard request.path.hasSuffix("/events"), number == 1 else { return ScriptedPlatform.healthy(request) }
            return [.send(ScriptedPlatform.streamHead + ScriptedPlatform.json(Self.held) + "\n"), .stall]
        }
    }

    @Test("A deployment is followed until it is held, and to its end once it may switch")
    func switched() async throws {
        let peer = try await peer()
        let deployer = APIDeployer(PlatformConnection(peer.url), transport: HTTPTransport(), deadlines: .quick)
        let deployment = try await deployer.hold(ScriptedPlatform.request) { _ in }
        #expect(deployment.phase == "held")
        #expect(peer.requests[0].body.contains(#""hold":true"#))
        #expect(try await deployer.letSwitch(deployment).release == 7)
    }

    @Test("One that is abandoned is canceled on the other side")
    func abandoned() async throws {
        let peer = try await peer()
        let deployer = APIDeployer(PlatformConnection(peer.url), transport: HTTPTransport(), deadlines: .quick)
        await deployer.abandon(try await deployer.hold(ScriptedPlatform.request) { _ in })
        #expect(peer.requests.contains { $0.path.hasSuffix("/cancel") })
    }
}
