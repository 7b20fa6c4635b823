internal import Artifacts
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import PlatformAPI

/// A deployment's events as they come, from the first or from the one after `Last-Event-ID`, until the end event.
///
/// Server-sent events (HTML Living Standard, 9.2), or JSON lines where the client accepts `application/jsonl`.
struct EventStream: Sendable {
    let ledger: Ledger
    let feed: EventFeed
    let deployment: String

    func response(to request: Request) -> Response {
        let asLines = request.headers[.accept]?.contains("application/jsonl") ?? false
        let last = request.headers[HTTPField.Name("Last-Event-ID")!].flatMap { Int($0) } ?? 0
        return Response(
            status: .ok,
            headers: [
                .contentType: asLines ? "application/jsonl" : "text/event-stream", .cacheControl: "no-store",
            ],
            body: ResponseBody { writer in
                try await write(to: &writer, after: last, asLines: asLines)
                try await writer.finish(nil)
            })
    }

    @concurrent private func write(to writer: inout any ResponseBodyWriter, after last: Int, asLines: Bool) async throws
    {
        var last = last
        while true {
            // Subscribed before the read, so that nothing falls between reading and waiting.
            let changes = feed.changes(of: deployment)
            let events = try await ledger.events(of: deployment, after: last)
            for event in events {
                last = event.id
                try await writer.write(ByteBuffer(bytes: try Self.encode(event, asLine: asLines)))
                if event.type == .end { return }
            }
            if !events.isEmpty { continue }
            // A reader who has heard the end, or claims more than there is, waits for nothing.
            if try await ledger.hasEnded(deployment, before: last) { return }
            if await !Self.waited(for: changes) {
                try await writer.write(ByteBuffer(string: asLines ? "\n" : ": still here\n\n"))
            }
        }
    }

    /// Whether something changed within 10 s.
    private static func waited(for changes: AsyncStream<Void>) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in changes { return true }
                return false
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(10))
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    private static func encode(_ event: DeploymentEvent, asLine: Bool) throws -> [UInt8] {
        let body = try CanonicalJSON.encode(event)
        if asLine { return body + [UInt8(ascii: "\n")] }
        return Array("id: \(event.id)\nevent: \(event.type.rawValue)\ndata: ".utf8) + body + Array("\n\n".utf8)
    }
}
