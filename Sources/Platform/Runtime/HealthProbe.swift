package import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks new instances on this machine whether they serve.
package struct HealthProbe: Sendable {
    /// What the client must be made with: no redirect is followed, a refused connection is told at once.
    package static var clientConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return configuration
    }

    private static let customaryPaths = ["/up", "/health", "/healthz"]
    private static let eagerPeriod = Duration.seconds(2)
    private static let eagerInterval = Duration.milliseconds(100)

    private let client: HTTPClient
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameter client: made with `clientConfiguration`.
    package init(client: HTTPClient) {
        self.init(client: client, now: { .now })
    }

    /// - Parameter now: tells the time by which the plan's end is judged.
    init(client: HTTPClient, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.client = client
        self.now = now
    }

    /// Probes until the first success, the instance's end, or the end of the plan's time.
    ///
    /// - Parameters:
    ///   - host: the `Host` header, for apps that refuse names they do not know.
    ///   - hasExited: nil as long as the instance lives.
    ///   - listening: the sockets to tell when the port was never bound.
    ///   - onProbe: gets each result as it comes.
    package func waitUntilHealthy(
        port: Int,
        plan: HealthCheckPlan,
        host: String,
        hasExited: @Sendable () async -> InstanceExit?,
        listening: @Sendable () -> [ListeningSocket],
        onProbe: @Sendable (ProbeResult) async -> Void = { _ in }
    ) async -> HealthOutcome {
        let start = now()
        let end = start + plan.timeout
        var probes: [ProbeResult] = []
        while !Task.isCancelled {
            let begin = now()
            let result = await probe(probes.count + 1, port: port, plan: plan, host: host, end: end)
            if Task.isCancelled { break }
            probes.append(result)
            await onProbe(result)
            // Whoever answered, it was not an instance that has ended.
            if let exit = await hasExited() { return .failed(.exited(exit), probes: probes) }
            if result.isHealthy { return .healthy(probes: probes) }
            let next = begin + (begin - start < Self.eagerPeriod ? Self.eagerInterval : plan.interval)
            if let exit = await pause(until: min(next, end), hasExited) {
                return .failed(.exited(exit), probes: probes)
            }
            if now() >= end { return .failed(Self.failure(probes, port: port, listening()), probes: probes) }
        }
        return .failed(.canceled, probes: probes)
    }

    /// Waits for an instance without a port to stay alive; nil means that it did.
    package func waitWhileAlive(
        for duration: Duration, hasExited: @Sendable () async -> InstanceExit?
    ) async -> InstanceExit? {
        await pause(until: now() + duration, hasExited)
    }

    /// A probe that ran out of time proves nothing: on a busy machine it may not even have been sent.
    static func failure(
        _ probes: [ProbeResult], port: Int, _ sockets: [ListeningSocket]
    ) -> HealthOutcome.Failure {
        let isBound = probes.contains { $0.wasAccepted } || sockets.contains { $0.takesConnections(to: port) }
        return isBound ? .unhealthy : .portNotBound(sockets)
    }

    /// Sleeps in short steps, so that an early crash is told early.
    private func pause(
        until time: ContinuousClock.Instant, _ hasExited: @Sendable () async -> InstanceExit?
    ) async -> InstanceExit? {
        while true {
            let left = time - now()
            if left <= .zero || Task.isCancelled { break }
            if let exit = await hasExited() { return exit }
            try? await Task.sleep(for: min(left, Self.eagerInterval))
        }
        return await hasExited()
    }
}

extension HealthProbe {
    private func probe(
        _ attempt: Int, port: Int, plan: HealthCheckPlan, host: String, end: ContinuousClock.Instant
    ) async -> ProbeResult {
        let begin = now()
        let timeout = TimeAmount(min(plan.probeTimeout, max(end - begin, .milliseconds(1))))
        let (path, outcome) = await ask(port: port, path: plan.path, host: host, timeout: timeout)
        let milliseconds = Int((now() - begin) / .milliseconds(1))
        return ProbeResult(attempt: attempt, path: path, outcome: outcome, milliseconds: milliseconds)
    }

    /// The first customary path that the app knows decides; an app that knows none, or speaks no HTTP, need only
    /// accept.
    private func ask(
        port: Int, path: String?, host: String, timeout: TimeAmount
    ) async -> (path: String?, outcome: ProbeResult.Outcome) {
        if let path { return (path, await get(path, port: port, host: host, timeout: timeout)) }
        for path in Self.customaryPaths {
            switch await get(path, port: port, host: host, timeout: timeout) {
            case .status(404), .status(405): continue
            case .broken: return (nil, await connect(port: port, timeout: timeout))
            case let outcome: return (path, outcome)
            }
        }
        return (nil, await connect(port: port, timeout: timeout))
    }

    private func get(_ path: String, port: Int, host: String, timeout: TimeAmount) async -> ProbeResult.Outcome {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path.hasPrefix("/") ? "" : "/")\(path)")
        request.headers.add(name: "Host", value: host)
        request.headers.add(name: "User-Agent", value: "bim-health/1")
        request.headers.add(name: "Connection", value: "close")
        do {
            let response = try await client.execute(request, timeout: timeout)
            return .status(Int(response.status.code))
        } catch {
            return Self.outcome(of: error)
        }
    }

    private func connect(port: Int, timeout: TimeAmount) async -> ProbeResult.Outcome {
        do {
            let bootstrap = ClientBootstrap(group: client.eventLoopGroup).connectTimeout(timeout)
            try await bootstrap.connect(host: "127.0.0.1", port: port).get().close()
            return .connected
        } catch {
            return Self.outcome(of: error)
        }
    }

    private static func outcome(of error: any Error) -> ProbeResult.Outcome {
        switch error {
        case let error as HTTPClientError:
            let late: [HTTPClientError] = [
                .connectTimeout, .readTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout,
            ]
            return late.contains(error) ? .timeout : .broken
        case let error as NIOConnectionError:
            return error.connectionErrors.contains { isTimeout($0.error) } ? .timeout : .refused
        case let error as IOError where error.errnoCode == ECONNREFUSED: return .refused
        case is ChannelError where isTimeout(error): return .timeout
        default: return .broken
        }
    }

    private static func isTimeout(_ error: any Error) -> Bool {
        if case .connectTimeout = error as? ChannelError { true } else { false }
    }
}
