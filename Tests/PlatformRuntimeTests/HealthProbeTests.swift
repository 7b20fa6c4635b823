import AsyncHTTPClient
import NIOCore
@testable import Platform
import Synchronization
import Testing

@Suite struct HealthProbeTests {
    /// Answers by path; what is not listed is 404. Keeps the first request.
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

    private func wait(
        port: Int, path: String? = nil, timeout: Duration = .seconds(20),
        probeTimeout: Duration = .seconds(5), hasExited: @Sendable () async -> InstanceExit? = { nil }
    ) async throws -> HealthOutcome {
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: HealthProbe.clientConfiguration)
        let plan = HealthCheckPlan(
            path: path, timeout: timeout, interval: .milliseconds(100), probeTimeout: probeTimeout)
        let outcome = await HealthProbe(client: client).waitUntilHealthy(
            port: port, plan: plan, host: "app.example", hasExited: hasExited,
            listening: { [ListeningSocket(address: "127.0.0.1", port: 1)] })
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
        "An app that answers badly, or not at all, is unhealthy",
        arguments: [("/up", "500 No"), ("/ready", "404 Not Found"), ("/up", "")])
    func unhealthy(path: String, status: String) async throws {
        let app = App([path: status])
        let silent: @Sendable (ByteChannel) async throws -> Void = { channel in
            try await channel.executeThenClose { inbound, _ in for try await _ in inbound {} }
        }
        let server = try await TestServer(status.isEmpty ? silent : app.serve)
        let result = try await wait(
            port: server.port, path: path == "/up" ? nil : path, timeout: .milliseconds(800),
            probeTimeout: status.isEmpty ? .milliseconds(100) : .seconds(5))
        guard case .failed(.unhealthy, let probes) = result else {
            Issue.record("\(result)")
            return
        }
        let expected: ProbeResult.Outcome = status.isEmpty ? .timeout : .status(Int(status.prefix(3)) ?? 0)
        #expect(probes.first?.outcome == expected)
        #expect(probes.first?.path == path)
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
        let port = try await freePort()
        let result = try await wait(port: port, timeout: .milliseconds(350))
        guard case .failed(.portNotBound(let sockets), let probes) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(sockets == [ListeningSocket(address: "127.0.0.1", port: 1)])
        #expect(probes.map(\.attempt) == Array(1...probes.count))
        #expect(probes.allSatisfy { $0.outcome == .refused })
    }

    @Test("An instance that ends ends the waiting")
    func exited() async throws {
        let port = try await freePort()
        let asked = Counter()
        let result = try await wait(port: port) { asked.add(1) > 2 ? .exited(3) : nil }
        guard case .failed(.exited(.exited(3)), _) = result else {
            Issue.record("\(result)")
            return
        }
    }

    @Test("An app that starts slowly is healthy as soon as it answers")
    func slowStart() async throws {
        let port = try await freePort()
        async let result = wait(port: port)
        try await Task.sleep(for: .milliseconds(250))
        let server = try await TestServer(port: port, App(["/up": "200 OK"]).serve)
        defer { withExtendedLifetime(server) {} }
        let outcome = try await result
        guard case .healthy(let probes) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(probes.first?.outcome == .refused)
        #expect(probes.last?.outcome == .status(200))
    }

    @Test("A process without a port need only stay alive")
    func worker() async throws {
        let probe = HealthProbe(client: .shared)
        #expect(await probe.waitWhileAlive(for: .milliseconds(50)) { nil } == nil)
        #expect(await probe.waitWhileAlive(for: .seconds(100)) { .signaled(9) } == .signaled(9))
    }

    /// A port on which nothing listens now.
    private func freePort() async throws -> Int {
        let server = try await TestServer()
        try await server.stop()
        return server.port
    }
}
