import AsyncHTTPClient
import GRDB
@testable import Platform
import PlatformAPI
import Testing

@Suite("An environment that answers")
struct LiveEnvironmentTests {
    @Test("Once shut it does not open again and misses no release")
    func shut() async throws {
        let group = HTTPClient.defaultEventLoopGroup
        let row: Row = [
            "user": "acme", "app": "api", "name": "production", "kind": "permanent", "protected": false, "port": 0,
        ]
        let environment = LiveEnvironment(
            EnvironmentRecord(row: row), proxy: EnvironmentProxy(port: 0, group: group))
        #expect(await environment.missesRelease)
        await environment.shut()
        #expect(await !environment.missesRelease)
        await #expect(throws: LiveEnvironment.Closed.self) { try await environment.open() }
        #expect(await !environment.isOpen)
    }
}
