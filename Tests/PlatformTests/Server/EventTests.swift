import Foundation
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("Events")
    struct EventTests {
        @Test("The story is told from the beginning to the end, in order, and again to whoever asks later")
        func story() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let request = app.request(releaseCommand: "echo migrated")
                let id = try await app.start(request).decode(Deployment.self).id
                let live = try await app.allEvents(of: id)
                #expect(live.map(\.id) == Array(1...live.count))
                #expect(live.first?.message == "queued")
                #expect(
                    live.compactMap(\.phase).filter { $0 != "switching" }.unique == [
                        "pulling", "releasing", "starting", "checking",
                    ])
                #expect(live.contains { $0.type == .log && $0.message == "migrated" })
                #expect(live.contains { $0.type == .probe })
                #expect(live.filter { $0.type == .end }.count == 1)
                #expect(live.last?.type == .end)
                #expect(live.last?.deployment?.status == .healthy)
                #expect(live.dropLast().allSatisfy { $0.deployment == nil })
                #expect(try await app.allEvents(of: id) == live)
            }
        }

        @Test(
            "A reader goes on after the last event that it has", arguments: ["application/jsonl", "text/event-stream"])
        func resume(type: String) async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let id = try await app.deploy(app.request()).id
                let all = try await app.allEvents(of: id)
                for last in [0, 1, all.count - 1] {
                    let answer = try await platform.send(
                        "GET", "\(platform.path)/deployments/\(id)/events",
                        headers: ["Accept": type, "Last-Event-ID": String(last)])
                    #expect(answer.mediaType == type)
                    #expect(answer.headers["cache-control"] == "no-store")
                    let isStream = type == "text/event-stream"
                    let told = try isStream ? Self.parse(answer.text) : Self.lines(answer.text)
                    #expect(told == Array(all[last...]))
                }
                let nonsense = try await platform.send(
                    "GET", "\(platform.path)/deployments/\(id)/events", headers: ["Accept": type, "Last-Event-ID": "x"])
                #expect(nonsense.status == 200)
            }
        }

        private static func lines(_ text: String) throws -> [DeploymentEvent] {
            try text.split(separator: "\n").map { try JSONDecoder().decode(DeploymentEvent.self, from: Data($0.utf8)) }
        }

        /// Reads server-sent events whose three fields say the same.
        private static func parse(_ text: String) throws -> [DeploymentEvent] {
            try text.split(separator: "\n\n").filter { !$0.hasPrefix(":") }.map { block in
                let fields = block.split(separator: "\n").map { $0.split(separator: ": ", maxSplits: 1) }
                try #require(fields.map(\.first) == ["id", "event", "data"])
                let event = try JSONDecoder().decode(DeploymentEvent.self, from: Data(fields[2][1].utf8))
                #expect(String(fields[0][1]) == String(event.id))
                #expect(String(fields[1][1]) == event.type.rawValue)
                return event
            }
        }

        @Test("A reader that waits hears what comes, and every reader hears all")
        func live() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let request = app.request(releaseCommand: SampleApp.endless)
                let id = try await app.start(request).decode(Deployment.self).id
                try await app.waitUntil(id, prints: "begun")
                async let one = app.allEvents(of: id)
                async let other = app.allEvents(of: id)
                #expect(try await app.cancel(id).status == 202)
                let (first, second) = try await (one, other)
                #expect(first == second)
                #expect(first.last?.deployment?.status == .canceled)
            }
        }
    }
}

extension Array where Element: Equatable {
    /// Each element once, in the order of their first appearance.
    fileprivate var unique: [Element] { reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
}
