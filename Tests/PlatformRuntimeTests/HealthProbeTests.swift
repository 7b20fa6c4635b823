import AsyncHTTPClient
import NIOCore
@testable import Platform
import Synchronization
import Testing

@Suite(.timeLimit(patience)) struct HealthProbeTests {
    /// Answers by path; what is not listed is 404. Keeps the requests.
    private final class App: Sendable {
        let answers: [String: String]
        let requests = Mutex<[String]>([])

        init(_ answers: [String: String]) {
            self.answers = answers
        }

        @Sendable func serve(_ channel: ByteChannel) async throws {
            try await channel.executeThenClose { inbound, outbound in
                var received = ""
                for try await bytes in inbound {
                    received += String(buffer: bytes)
                    guard received.hasSuffix("\r\n\r\n") else { continue }
                    requests.withLock { $0.append(received) }
                    let path = received.split(separator: " ")[1]
                    let status = answers[String(path)] ?? "404 Not Found"
                    try await outbound.write(
                        ByteBuffer(string: "HTTP/1.1 \(status)\r\nContent-Length: 0\r\nLocation: /elsewhere\r\n\r\n"))
                    break
                }
            }
        }
    }

    /// Waits with a plan whose time is over after `lastProbe` probes, however long they took.
    private func wait(
        port: Int, path: String? = nil, lastProbe: Int = .max, probeTimeout: Duration = .seconds(100),
        hasExited: @Sendable () async -> InstanceExit? = { nil },
        onProbe: @Sendable (ProbeResult) async -> Void = { _ in }
    ) async throws -> HealthOutcome {
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: HealthProbe.clientConfiguration)
        let daysPassed = Counter()
        let plan = HealthCheckPlan(
            path: path, timeout: .seconds(86400), interval: .milliseconds(20), probeTimeout: probeTimeout)
        let probe = HealthProbe(client: client) { .now + .seconds(86400) * daysPassed.value }
        let outcome = await probe.waitUntilHealthy(
            port: port, plan: plan, host: "app.example", hasExited: hasExited,
            listening: { [ListeningSocket(address: "127.0.0.1", port: 1)] }
        ) { result in
            await onProbe(result)
            if result.attempt == lastProbe { daysPassed.add(1) }
        }
        try await client.shutdown()
        return outcome
    }

    @Test(
        "The configured path, or the first customary one that the app knows, decides",
        arguments: [
            (["/ready": "200 OK"], "/ready", "/ready", ProbeResult.Outcome.status(200)),
            (["/up": "204 No Content"], nil, "/up", .status(204)),
            (["/health": "302 Found"], nil, "/health", .status(302)),
            (["/up": "405 Method Not Allowed", "/healthz": "200 OK"], nil, "/healthz", .status(200)),
            ([:], nil, nil, .connected),
        ] as [([String: String], String?, String?, ProbeResult.Outcome)])
    func paths(answers: [String: String], configured: String?, path: String?, outcome: ProbeResult.Outcome) async throws
    {
        let app = App(answers)
        let server = try await TestServer(app.serve)
        let result = try await wait(port: server.port, path: configured)
        guard case .healthy(let probes) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(probes.count == 1)
        #expect(probes.first?.attempt == 1)
        #expect(probes.first?.path == path)
        #expect(probes.first?.outcome == outcome)
        let request = try #require(app.requests.withLock { $0.first }).lowercased()
        #expect(request.contains("host: app.example\r\n"))
        #expect(request.contains("user-agent: bim-health/1\r\n"))
        #expect(!app.requests.withLock { $0 }.contains { $0.contains("/elsewhere") })
    }

    @Test(
        "An app that answers badly is unhealthy", arguments: [("/up", "500 No"), ("/ready", "404 Not Found")])
    func unhealthy(path: String, status: String) async throws {
        let server = try await TestServer(App([path: status]).serve)
        let result = try await wait(port: server.port, path: path == "/up" ? nil : path, lastProbe: 2)
        guard case .failed(.unhealthy, let probes) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(probes.map(\.outcome) == Array(repeating: .status(Int(status.prefix(3)) ?? 0), count: 2))
        #expect(probes.first?.path == path)
    }

    @Test("An app that does not answer runs into the probe's time")
    func silent() async throws {
        let server = try await TestServer { channel in
            try await channel.executeThenClose { inbound, _ in for try await _ in inbound {} }
        }
        let result = try await wait(port: server.port, lastProbe: 2, probeTimeout: .milliseconds(50))
        guard case .failed(_, let probes) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(probes.map(\.outcome) == [.timeout, .timeout])
        #expect(probes.first?.path == "/up")
    }

    @Test("An app that speaks another protocol need only accept")
    func foreignProtocol() async throws {
        let server = try await TestServer { channel in
            try await channel.executeThenClose { _, outbound in
                try await outbound.write(ByteBuffer(string: "220 ready\n"))
            }
        }
        let result = try await wait(port: server.port)
        guard case .healthy(let probes) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(probes.last?.outcome == .connected)
    }

    @Test("A port that nobody binds is told with the sockets that were found")
    func portNotBound() async throws {
        let reserved = try ReservedPort()
        let result = try await wait(port: reserved.port, lastProbe: 3)
        guard case .failed(.portNotBound(let sockets), let probes) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(sockets == [ListeningSocket(address: "127.0.0.1", port: 1)])
        #expect(probes.map(\.attempt) == [1, 2, 3])
        #expect(probes.allSatisfy { $0.outcome == .refused })
    }

    @Test(
        "A probe that came too late does not decide whether the port was bound",
        arguments: [
            ([.refused, .timeout], [], false),
            ([.timeout], [ListeningSocket(address: "127.0.0.1", port: 81)], false),
            ([.timeout], [ListeningSocket(address: "::1", port: 80)], false),
            ([.refused, .timeout], [ListeningSocket(address: "0.0.0.0", port: 80)], true),
            ([.timeout], [ListeningSocket(address: "::", port: 80)], true),
            ([.status(500), .timeout], [], true),
            ([.broken, .refused], [], true),
        ] as [([ProbeResult.Outcome], [ListeningSocket], Bool)])
    func lateProbe(outcomes: [ProbeResult.Outcome], sockets: [ListeningSocket], isBound: Bool) {
        let probes = outcomes.map { ProbeResult(attempt: 1, path: "/up", outcome: $0, milliseconds: 1) }
        let failure = HealthProbe.failure(probes, port: 80, sockets)
        #expect(failure == (isBound ? .unhealthy : .portNotBound(sockets)))
    }

    @Test("An instance that ends ends the waiting")
    func exited() async throws {
        let reserved = try ReservedPort()
        let asked = Counter()
        let result = try await wait(port: reserved.port, hasExited: { asked.add(1) > 2 ? .exited(3) : nil })
        guard case .failed(.exited(.exited(3)), _) = result else {
            Issue.record("\(result)")
            return
        }
    }

    @Test("An app that starts slowly is healthy as soon as it answers")
    func slowStart() async throws {
        let reserved = try ReservedPort()
        let started = Mutex<TestServer?>(nil)
        let outcome = try await wait(
            port: reserved.port,
            onProbe: { result in
                guard result.attempt == 2 else { return }
                let server = try? await TestServer(on: reserved, App(["/up": "200 OK"]).serve)
                started.withLock { $0 = server }
            })
        guard case .healthy(let probes) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(probes.map(\.outcome) == [.refused, .refused, .status(200)])
    }

    @Test("A process without a port need only stay alive")
    func worker() async throws {
        let probe = HealthProbe(client: .shared)
        #expect(await probe.waitWhileAlive(for: .milliseconds(50)) { nil } == nil)
        #expect(await probe.waitWhileAlive(for: .seconds(100)) { .signaled(9) } == .signaled(9))
    }
}
