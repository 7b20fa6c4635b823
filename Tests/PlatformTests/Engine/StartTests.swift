import Diagnostics
import GRDB
@testable import Platform
import PlatformAPI
import Testing

@Suite("The platform's start")
struct StartTests {
    @Test("A ledger that cannot be read in full is an error that is told, and nothing is left running")
    func unreadable() async throws {
        let folder = try TemporaryFolder()
        let home = PlatformHome(folder: folder.path + "/platform", logFile: folder.path + "/log")
        try #require(FolderContents.make(home.folder))
        let ledger = try Ledger(path: home.ledgerFile)
        let app = AppID(user: "acme", app: "api")
        #expect(try await ledger.createApp(app))
        let request = DeploymentRequest.sample()
        let environment = EnvironmentID(app: app, name: request.environment)
        _ = try await ledger.beginDeployment(
            id: "dpl_1", request, in: environment, ports: PortChoice(candidates: [20001]) { _ in true },
            idempotencyKey: nil)
        #expect(try await ledger.advance("dpl_1", to: .pulling, phase: .pulling, "unpacking"))
        #expect(try await ledger.advance("dpl_1", to: .starting, phase: .checking, "waiting"))
        #expect(try await ledger.makeLive("dpl_1", request, in: environment) == 1)
        try await ledger.pool.write { try $0.execute(sql: "UPDATE deployment SET request = 'not JSON'") }
        try ledger.pool.close()

        let error = await #expect(throws: UserError.self) {
            try await PlatformServer(home: home, options: .init(), environment: TestPlatform.environment)
                .run { _ in Issue.record("it serves") }
        }
        #expect(error?.code == .platformUnavailable)
    }
}
