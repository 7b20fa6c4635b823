import Foundation
@testable import Platform
import PlatformAPI
import Synchronization
import Testing

/// A real platform in this process, with a folder, a port and an app of its own.
///
/// Every answer that it gives is held against docs/openapi.yaml.
final class TestPlatform: Sendable {
    /// How a client says who it is.
    enum Credentials: Sendable {
        case none, bearer, basic
        case header(String)
    }

    let home: PlatformHome
    let port: Int
    let token: String
    let app: AppID
    private let description: APIDescription
    private let seen = Mutex<Set<String>>([])

    fileprivate init(home: PlatformHome, port: Int, app: AppID) throws {
        self.home = home
        self.port = port
        self.app = app
        token = try #require(home.token())
        description = try APIDescription.load()
    }

    /// The operations that were answered with success, as `GET /v1/apps`.
    var exercised: Set<String> { seen.withLock { $0 } }

    /// The path of the app in the API.
    var path: String { "/v1/apps/\(app)" }
    /// The path of the app's repository in the registry.
    var registry: String { "/v2/\(app)" }
    /// The URL of the app's git repository, with the token as password.
    var gitURL: String { "http://x:\(token)@127.0.0.1:\(port)/\(app).git" }

    func send(
        _ method: String, _ target: String, headers: [String: String] = [:], body: some Collection<UInt8> = [],
        as credentials: Credentials = .bearer, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> WebAnswer {
        let request = request(method, target, headers: headers, body: body, as: credentials)
        let answer = try await Web.send(request, port: port)
        for violation in description.violations(of: answer, to: request) {
            Issue.record(
                "\(method) \(target) → \(answer.status): \(violation)\n\(answer.text)", sourceLocation: sourceLocation)
        }
        if answer.status < 400, let operation = description.operation(for: request) {
            seen.withLock { _ = $0.insert(operation.name) }
        }
        return answer
    }

    func send(
        _ method: String, _ target: String, headers: [String: String] = [:], json value: some Encodable,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> WebAnswer {
        try await send(
            method, target, headers: headers.merging(["Content-Type": "application/json"]) { $1 },
            body: Array(try JSONEncoder().encode(value)), sourceLocation: sourceLocation)
    }

    /// The lines of an answer's body as they come.
    func lines(_ target: String, headers: [String: String] = [:]) -> AsyncThrowingStream<String, any Error> {
        Web.lines(of: request("GET", target, headers: headers, body: [], as: .bearer), port: port)
    }

    private func request(
        _ method: String, _ target: String, headers: [String: String], body: some Collection<UInt8>,
        as credentials: Credentials
    ) -> WebRequest {
        var headers = headers
        switch credentials {
        case .none: break
        case .bearer: headers["Authorization"] = "Bearer \(token)"
        case .basic: headers["Authorization"] = "Basic " + Data("any one:\(token)".utf8).base64EncodedString()
        case .header(let value): headers["Authorization"] = value
        }
        return WebRequest(method: method, target: target, headers: headers, body: Array(body))
    }

    static let environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C"]
}

/// Runs `body` beside a platform that is gone, with all it started and wrote, when this returns.
///
/// - Parameters:
///   - folder: the place of its data; a later platform in the same folder goes on where this one ended.
///   - variables: what its user's environment has besides.
func withPlatform(
    in folder: TemporaryFolder? = nil, app: AppID? = nil, _ variables: [String: String] = [:],
    _ body: (TestPlatform) async throws -> Void
) async throws {
    let folder = try folder ?? TemporaryFolder()
    let home = PlatformHome(folder: folder.path + "/platform", logFile: folder.path + "/platform.log")
    // Ports of environments follow from names, so no two platforms of this machine shall have the same app.
    let app = app ?? AppID(user: "acme", app: "app-" + String(UInt32.random(in: 0...UInt32.max), radix: 36))
    let (ready, announce) = AsyncStream.makeStream(of: PlatformHome.Endpoint.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { announce.finish() }
            do {
                let environment = TestPlatform.environment.merging(variables) { $1 }
                try await PlatformServer(home: home, options: .init(), environment: environment)
                    .run { announce.yield($0) }
            } catch {
                // The test's end is a cancellation, which the server passes on in its own words.
                if !Task.isCancelled { throw error }
            }
        }
        for await endpoint in ready {
            let platform = try TestPlatform(home: home, port: endpoint.port, app: app)
            do {
                _ = try await platform.send("POST", "/v1/apps", json: ["user": app.user, "name": app.app])
                try await body(platform)
            } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
        }
        try await group.waitForAll()
    }
}
