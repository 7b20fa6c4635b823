import Diagnostics
import PlatformAPI
import Testing

@testable import Deployers

/// Another platform's API is one file: `MachinesDeployer.swift` keeps all that `Deployer` promises.
struct DialectTests {
    private static let old = String(repeating: "0", count: 39) + "1"
    private let events = Told<DeploymentEvent.Kind>()

    private func deployer(_ server: ScriptedMachines) -> any Deployer {
        MachinesDeployer(baseURL: server.url, app: "api", token: "t", pause: .milliseconds(1))
    }

    private func request(on old: String?, healthTimeout: Int = 60) -> DeploymentRequest {
        var request = ScriptedPlatform.request
        request.oldCommit = old
        request.settings.healthTimeoutSeconds = healthTimeout
        return request
    }

    private func deploy(_ server: ScriptedMachines, _ request: DeploymentRequest) async throws -> Deployment {
        try await deployer(server).deploy(request, patience: nil) { events.add($0.type) }
    }

    @Test("The app is made where it is missing, and its first release goes live")
    func first() async throws {
        let server = try await ScriptedMachines(appExists: false, .healthy)
        #expect(try await deployer(server).refs() == nil)
        try await deployer(server).ensureApp()
        let deployment = try await deploy(server, request(on: nil))
        #expect(deployment.status == .healthy && deployment.release == 1 && deployment.url != nil)
        #expect(try await deployer(server).refs()?.map(\.objectID) == [ScriptedPlatform.request.commit])
        #expect(events.all == [.status, .end])
        #expect(server.tokens == ["Bearer t"])
    }

    @Test("A release takes the old one's place once it is healthy, and not before")
    func next() async throws {
        let server = try await ScriptedMachines(live: Self.old, .healthy)
        let deployment = try await deploy(server, request(on: Self.old))
        #expect(deployment.status == .healthy && deployment.release == 5)
        #expect(server.live == [ScriptedPlatform.request.commit] && server.count == 1)
        let seen = server.requests
        let healthy = try #require(seen.firstIndex(of: "GET /v1/apps/api/machines/m1"))
        let switched = try #require(seen.firstIndex(of: "POST /v1/apps/api/machines/m1/uncordon"))
        let gone = try #require(seen.firstIndex(of: "DELETE /v1/apps/api/machines/m0?force=true"))
        #expect(healthy < switched && switched < gone)
    }

    @Test(
        "A failure has its code and leaves the old release alone",
        arguments: zip(
            [
                ScriptedMachines.Fate.exits(code: 1, outOfMemory: false), .exits(code: 137, outOfMemory: true),
                .unhealthy,
            ], [ErrorCode.crashed, .outOfMemory, .healthCheckFailed]))
    func failing(_ fate: ScriptedMachines.Fate, _ code: ErrorCode) async throws {
        let server = try await ScriptedMachines(live: Self.old, fate)
        let deployment = try await deploy(server, request(on: Self.old, healthTimeout: 0))
        #expect(deployment.status == .failed && deployment.failure?.code == code)
        #expect(deployment.failure?.exitCode == (code == .crashed ? 1 : nil))
        #expect(server.live == [Self.old] && server.count == 1)
    }

    @Test("What the platform refuses at once has its code, too")
    func refused() async throws {
        let server = try await ScriptedMachines(live: Self.old, .refused)
        await #expect { try await deploy(server, request(on: Self.old)) } throws: { error in
            let error = error as? UserError
            return error?.code == .pullFailed && error?.message.contains("could not resolve image") == true
                && error?.hint != nil
        }
        #expect(server.live == [Self.old])
    }

    @Test("The old object id is a condition: nothing is begun where the branch is elsewhere", arguments: [nil, "2"])
    func stale(_ expected: String?) async throws {
        let server = try await ScriptedMachines(live: Self.old, .healthy)
        await #expect { try await deploy(server, request(on: expected)) } throws: {
            ($0 as? UserError)?.code == .staleRef
        }
        await #expect {
            try await deployer(server).removeEnvironment("production", with: "refs/heads/main", expecting: "2")
        } throws: { ($0 as? UserError)?.code == .staleRef }
        #expect(server.live == [Self.old] && server.requests.allSatisfy { $0.hasPrefix("GET ") })
        try await deployer(server).removeEnvironment("production", with: "refs/heads/main", expecting: Self.old)
        #expect(server.count == 0)
    }

    @Test("Who is overtaken while the release starts loses, and takes its machine along")
    func overtaken() async throws {
        let server = try await ScriptedMachines(live: Self.old, .overtaken)
        await #expect { try await deploy(server, request(on: Self.old)) } throws: {
            ($0 as? UserError)?.code == .staleRef
        }
        #expect(server.live == ["2"] && server.count == 1)
    }

    @Test("Canceling the task takes the new machine away on the other side, and the old one serves on")
    func canceled() async throws {
        let server = try await ScriptedMachines(live: Self.old, .unhealthy)
        let (started, begin) = AsyncStream.makeStream(of: Void.self)
        let (deployer, request) = (deployer(server), request(on: Self.old))
        let push = Task { try await deployer.deploy(request, patience: nil) { _ in begin.yield() } }
        for await _ in started { break }
        push.cancel()
        #expect(try await push.value.status == .canceled)
        #expect(server.requests.last == "DELETE /v1/apps/api/machines/m1?force=true")
        #expect(server.live == [Self.old] && server.count == 1)
    }

    @Test("Whose patience ends gets the deployment as it stands, and it goes on")
    func patience() async throws {
        let server = try await ScriptedMachines(.unhealthy)
        let deployment = try await deployer(server).deploy(request(on: nil), patience: .zero) { _ in }
        #expect(!deployment.status.isFinal && server.count == 1)
    }
}
