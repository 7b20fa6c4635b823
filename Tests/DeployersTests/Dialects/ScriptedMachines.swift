import Foundation
import Synchronization

/// A server in this process that answers as Fly Machines does, with machines in memory that do what a test says.
final class ScriptedMachines: Sendable {
    /// What becomes of a machine that is made.
    enum Fate: Sendable {
        case healthy, unhealthy
        case exits(code: Int, outOfMemory: Bool)
        /// Healthy, but somebody else's release goes live before it.
        case overtaken
        /// Its image is not there.
        case refused
    }

    private struct State {
        var appExists = true
        var machines: [String: [String: String]] = [:]
        var made = 0
    }

    private let state: Shared
    private let peer: ScriptedPeer

    private final class Shared: Sendable {
        let value = Mutex(State())
    }

    var url: String { peer.url }
    /// Methods and paths, in order.
    var requests: [String] { peer.requests.map { "\($0.method) \($0.path)" } }
    var tokens: Set<String> { Set(peer.requests.map { $0.headers["authorization"] ?? "" }) }
    /// The commits that machines in the routing stand for.
    var live: [String] {
        state.value.withLock { $0.machines.values.filter { $0["bim_live"] != nil }.compactMap { $0["bim_commit"] } }
    }
    var count: Int { state.value.withLock { $0.machines.count } }

    /// - Parameters:
    ///   - live: the commit that `main` has at first.
    ///   - appExists: whether the app was made before.
    init(live commit: String? = nil, appExists: Bool = true, _ fate: Fate) async throws {
        let state = Shared()
        state.value.withLock {
            $0.appExists = appExists
            guard let commit else { return }
            $0.machines["m0"] = [
                "bim_ref": "refs/heads/main", "bim_commit": commit, "bim_environment": "production",
                "bim_release": "4", "bim_live": "yes",
            ]
        }
        self.state = state
        peer = try await ScriptedPeer { request, _ in
            let (status, body) = state.value.withLock { Self.answer(request, fate, &$0) }
            return [.answer(status, body)]
        }
    }

    private static func answer(
        _ request: ScriptedPeer.Request, _ fate: Fate, _ state: inout State
    ) -> (Int, String) {
        let parts = request.path.prefix { $0 != "?" }.split(separator: "/").map(String.init)
        if request.method == "POST", parts == ["v1", "apps"] {
            state.appExists = true
            return (201, "{}")
        }
        guard state.appExists, parts.count > 2 else { return (404, #"{"error":"App not found"}"#) }
        switch (request.method, parts.dropFirst(3).count) {
        case ("GET", 0): return (200, #"{"name":"api","status":"deployed"}"#)
        case ("GET", 1): return (200, json(state.machines.map { machine($0, $1, .healthy) }))
        case ("POST", 1): return make(request, fate, &state)
        default: break
        }
        let id = parts[4]
        guard let metadata = state.machines[id] else { return (404, #"{"error":"machine not found"}"#) }
        switch (request.method, parts.last) {
        case ("GET", _):
            if case .overtaken = fate { state.machines["m0"]?["bim_commit"] = "2" }
            return (200, json(machine(id, metadata, fate)))
        case ("DELETE", _): state.machines[id] = nil
        case ("POST", "bim_live"): state.machines[id]?["bim_live"] = "yes"
        case ("POST", "uncordon"): break
        default: return (404, #"{"error":"no such route"}"#)
        }
        return (200, #"{"ok":true}"#)
    }

    private static func make(_ request: ScriptedPeer.Request, _ fate: Fate, _ state: inout State) -> (Int, String) {
        if case .refused = fate { return (422, #"{"error":"could not resolve image"}"#) }
        let body = (try? JSONSerialization.jsonObject(with: Data(request.body.utf8))) as? [String: Any]
        guard let config = body?["config"] as? [String: Any], config["image"] is String,
            body?["skip_service_registration"] as? Bool == true,
            let metadata = config["metadata"] as? [String: String]
        else { return (422, #"{"error":"no config"}"#) }
        state.made += 1
        state.machines["m\(state.made)"] = metadata
        return (200, #"{"id":"m\#(state.made)","state":"created"}"#)
    }

    private static func machine(_ id: String, _ metadata: [String: String], _ fate: Fate) -> [String: Any] {
        var machine: [String: Any] = ["id": id, "state": "started", "config": ["metadata": metadata]]
        switch fate {
        case .healthy, .overtaken: machine["checks"] = [["name": "web", "status": "passing", "output": "200 OK"]]
        case .unhealthy: machine["checks"] = [["name": "web", "status": "critical", "output": "connection refused"]]
        case .exits(let code, let outOfMemory):
            machine["state"] = "stopped"
            machine["events"] = [
                ["type": "exit", "request": ["exit_event": ["exit_code": code, "oom_killed": outOfMemory]]],
                ["type": "start"],
            ]
        case .refused: break
        }
        return machine
    }

    private static func json(_ value: Any) -> String {
        (try? String(decoding: JSONSerialization.data(withJSONObject: value), as: UTF8.self)) ?? ""
    }
}
