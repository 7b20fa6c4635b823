import Foundation
import PlatformAPI
import Synchronization

@testable import Deployers
@testable import HTTPTransport

/// A home of its own with an empty git configuration; gone with the test.
final class Place: Sendable {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "bim-deployers-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// The whole environment of the programs that run here.
    func environment(_ more: [String: String] = [:]) -> [String: String] {
        [
            "HOME": folder, "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "\(folder)/gitconfig", "LC_ALL": "C.UTF-8",
        ].merging(more) { $1 }
    }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }

    func read(_ name: String) -> String { (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? "" }
}

extension PlatformConnection {
    /// The app `acme/api` of a server that is shown the token `t`.
    init(_ baseURL: String) {
        let app = AppID(user: "acme", app: "api")
        self.init(baseURL: baseURL, app: app, credential: PlatformToken(entered: "t", for: baseURL, app))
    }
}

extension APIDeadlines {
    /// Two tries at once, each with as much time as a busy machine needs.
    static var quick: APIDeadlines {
        var deadlines = APIDeadlines()
        deadlines.pause = .milliseconds(1)
        deadlines.retry = RetryPolicy(attempts: 2, firstDelay: .milliseconds(1), longestDelay: .milliseconds(1))
        return deadlines
    }

    /// Short enough for a test of what never comes.
    static var short: APIDeadlines {
        var deadlines = quick
        deadlines.answer = .milliseconds(300)
        deadlines.farewell = .milliseconds(300)
        return deadlines
    }
}

/// What was told, in order.
final class Told<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    var all: [Value] { values.withLock { $0 } }
    func add(_ value: Value) { values.withLock { $0.append(value) } }
}
