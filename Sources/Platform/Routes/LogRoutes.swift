internal import Artifacts
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import PlatformAPI
internal import ServiceLifecycle

/// `…/environments/{environment}/logs`: what the instances have printed, a JSON object in each line.
struct LogRoutes: Sendable {
    let ledger: Ledger
    let engine: DeploymentEngine

    func add(to router: some RouterMethods<PlatformContext>) {
        router.get("/v1/apps/{user}/{app}/environments/{environment}/logs") { request, context in
            let environment = try context.environment()
            guard try await ledger.environment(environment) != nil else { throw Problem.noEnvironment(environment) }
            let query = request.uri.queryParameters
            let stream = LogStream(
                log: await engine.log(of: environment),
                count: min(max(query.get("lines", as: Int.self) ?? 100, 0), 10_000),
                filter: .init(process: query.get("process"), since: query.get("since")),
                follows: ["1", "true"].contains(query.get("follow") ?? ""))
            return Response(
                status: .ok, headers: [.contentType: "application/jsonl", .cacheControl: "no-store"],
                body: ResponseBody { writer in
                    try await stream.write(to: &writer)
                    try await writer.finish(nil)
                })
        }
    }
}

/// The last lines of a log and, for those who follow, those that come; an empty line is a sign of life.
private struct LogStream: Sendable {
    /// Which lines are wanted.
    struct Filter: Sendable {
        let process: String?
        /// RFC 3339 in UTC, compared as text.
        let since: String?

        func passes(_ line: LogLine) -> Bool {
            (process == nil || line.process == process) && (since.map { line.time >= $0 } ?? true)
        }
    }

    let log: LogFile
    let count: Int
    let filter: Filter
    let follows: Bool

    @concurrent func write(to writer: inout any ResponseBodyWriter) async throws {
        let log = log
        var (lines, position) = try await Blocking.run { log.readAll() }
        try await writer.write(try Self.encode(lines.filter(filter.passes).suffix(count)))
        guard follows else { return }
        // Subscribed before the next read, so that nothing falls between reading and waiting.
        var changes = log.changes()
        while true {
            let last = position
            (lines, position) = try await Blocking.run { log.read(after: last) }
            let wanted = lines.filter(filter.passes)
            if !wanted.isEmpty { try await writer.write(try Self.encode(wanted)) }
            if lines.isEmpty {
                switch await Self.wait(for: changes) {
                case .changed: break
                case .silence: try await writer.write(ByteBuffer(string: "\n"))
                case .over: return
                }
                changes = log.changes()
            }
        }
    }

    private static func encode(_ lines: some Sequence<LogLine>) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        for line in lines { buffer.writeBytes(try CanonicalJSON.encode(line) + [UInt8(ascii: "\n")]) }
        return buffer
    }

    private enum Wait { case changed, silence, over }

    /// Waits for a line, for 10 s at most; over when the log is removed or the platform stops.
    private static func wait(for changes: AsyncStream<Void>) async -> Wait {
        await withTaskGroup(of: Wait.self) { group in
            group.addTask {
                for await _ in changes.cancelOnGracefulShutdown() { return .changed }
                return .over
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(10))
                return .silence
            }
            defer { group.cancelAll() }
            return await group.next() ?? .over
        }
    }
}
