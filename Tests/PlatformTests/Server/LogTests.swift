import Foundation
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("Run-time logs")
    struct LogTests {
        @Test("The last lines, those of one process, and what comes while somebody follows")
        func logs() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let path = "\(platform.path)/environments/production/logs"
                #expect(try await platform.send("GET", path).status == 404)
                _ = try await app.deploy(
                    app.request(
                        processes: ["web": "echo one; echo two; " + SampleApp.web], releaseCommand: "echo migrating"))
                func messages(_ query: String) async throws -> [String] {
                    try await platform.send("GET", path + query).text.split(separator: "\n")
                        .map { try JSONDecoder().decode(LogLine.self, from: Data($0.utf8)).message }
                }
                #expect(try await messages("") == ["migrating", "one", "two"])
                #expect(try await messages("?lines=1") == ["two"])
                #expect(try await messages("?process=release") == ["migrating"])
                #expect(try await messages("?since=2999-01-01T00:00:00.000Z") == [])

                var lines = platform.lines(path + "?follow=true&lines=1").filter { !$0.isEmpty }.makeAsyncIterator()
                #expect(try await lines.next()?.contains("\"two\"") == true)
                let commit = try await app.source.commit("second")
                try await app.source.pushSource(to: platform)
                _ = try await app.deploy(
                    app.request(commit: commit, old: app.commit, processes: ["web": "echo three; " + SampleApp.web]))
                #expect(try await lines.next()?.contains("\"three\"") == true)
                let removed = try await platform.send(
                    "DELETE", "\(platform.path)/environments/production", headers: ["If-Match": "\"\(commit)\""])
                #expect(removed.status == 204)
                // The end of the environment is the end of the stream.
                while let line = try await lines.next() { #expect(!line.isEmpty) }
            }
        }
    }
}
