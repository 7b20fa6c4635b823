import Diagnostics
import Foundation
import PlatformAPI

@testable import Deployers

/// What a platform says in the course of one deployment, as text, to be cut, delayed and spoilt.
enum ScriptedPlatform {
    static let request = DeploymentRequest(
        environment: "production", kind: "permanent", protected: true, ref: "refs/heads/main",
        commit: String(repeating: "1", count: 40), oldCommit: nil, force: false,
        artifact: .init(kind: "image", reference: "acme/api@sha256:1"), settings: .init(processes: ["web": "run"]),
        message: nil, client: "test/1")

    static func deployment(_ status: DeploymentStatus) -> Deployment {
        Deployment(
            id: "d1", app: "acme/api", environment: "production", ref: request.ref, commit: request.commit,
            oldCommit: nil, artifact: request.artifact, status: status, release: status == .healthy ? 7 : nil,
            url: "http://live", message: nil, createdAt: "2030-01-02T03:04:05Z")
    }

    static func json(_ value: some Encodable) -> String {
        (try? String(decoding: JSONEncoder().encode(value), as: UTF8.self)) ?? ""
    }

    /// Four events, the last of which ends it well.
    static let events: [DeploymentEvent] = (1...4).map { id in
        DeploymentEvent(
            id: id, time: "2030-01-02T03:04:05Z", type: id == 4 ? .end : .status, phase: nil, message: "event \(id)",
            deployment: id == 4 ? deployment(.healthy) : nil)
    }

    static let accepted = ScriptedPeer.Move.answer(202, json(deployment(.queued)))
    static let streamHead = "HTTP/1.1 200 OK\r\nContent-Type: application/jsonl\r\nConnection: close\r\n\r\n"

    /// The stream behind an event, each event a line.
    static func stream(after last: Int) -> String {
        events.filter { $0.id > last }.map { json($0) + "\n" }.joined()
    }

    /// The stream that a request asks for.
    static func stream(_ request: ScriptedPeer.Request) -> String {
        stream(after: Int(request.headers["last-event-id"] ?? "") ?? 0)
    }

    /// Answers a request as a platform in good health does.
    static func healthy(_ request: ScriptedPeer.Request) -> [ScriptedPeer.Move] {
        switch (request.method, request.path) {
        case ("POST", "/v1/apps/acme/api/deployments"): [accepted]
        case ("GET", "/v1/apps/acme/api/deployments/d1/events"): [.send(streamHead + stream(request))]
        case ("POST", "/v1/apps/acme/api/deployments/d1/cancel"): [.answer(202, json(deployment(.canceled)))]
        case ("GET", "/v1/apps/acme/api/deployments/d1?wait=1"): [.answer(200, json(deployment(.canceled)))]
        case ("GET", "/v1/apps/acme/api/refs"): [.answer(200, "[]")]
        default: [.answer(404, "")]
        }
    }
}

extension APIDeployer {
    /// One whole deployment, and the ids of the events that came of it.
    func deployOnce() async throws(UserError) -> (Deployment, [Int]) {
        let told = Told<Int>()
        let deployment = try await deploy(ScriptedPlatform.request, patience: nil) { told.add($0.id) }
        return (deployment, told.all)
    }
}
