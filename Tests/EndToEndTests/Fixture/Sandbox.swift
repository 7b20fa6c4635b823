import Foundation
import Glibc
import Synchronization

/// A user of their own: home, XDG folders and an embedded platform that nobody else sees.
///
/// It starts nothing. When it goes, so do its platform, whatever else was started in it, and its folder.
final class Sandbox: Sendable {
    let root: String
    /// A name that no other sandbox of this machine uses, because the ports of environments follow from names.
    let app: String
    private let counter = Mutex(0)
    /// Servers of others, which run as long as the sandbox.
    private let servers = Mutex<[ChildProcess]>([])

    init() throws {
        var template = Array("\(NSTemporaryDirectory().trimmingSuffix("/"))/bim-e2e-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        app = "app-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
        for folder in ["home", "runtime", "tmp", "io"] {
            try FileManager.default.createDirectory(
                atPath: "\(root)/\(folder)", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }

    deinit {
        stopPlatform()
        // Twice, because a process may start another one while the table is read.
        for _ in 0..<2 { for process in processes() { kill(process, SIGKILL) } }
        try? FileManager.default.removeItem(atPath: root)
    }

    /// The whole environment of the programs that run here.
    var environment: [String: String] {
        [
            "HOME": "\(root)/home", "TMPDIR": "\(root)/tmp", "PATH": "\(Programs.folder):\(Programs.git):/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "XDG_DATA_HOME": "\(root)/home/data", "XDG_STATE_HOME": "\(root)/home/state",
            "XDG_CACHE_HOME": "\(root)/home/cache", "XDG_CONFIG_HOME": "\(root)/home/config",
            "XDG_RUNTIME_DIR": "\(root)/runtime",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "A Developer", "GIT_AUTHOR_EMAIL": "developer@example.org",
            "GIT_COMMITTER_NAME": "A Developer", "GIT_COMMITTER_EMAIL": "developer@example.org",
            "GIT_AUTHOR_DATE": "2030-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2030-01-02T03:04:05Z",
        ]
    }

    var platformFolder: String { "\(root)/home/data/bim/platform" }
    var cacheFolder: String { "\(root)/home/cache/bim" }
    var token: String? {
        (try? String(contentsOfFile: platformFolder + "/token", encoding: .utf8))?.trimmingCharacters(
            in: .whitespacesAndNewlines)
    }

    /// Starts a program and does not wait for it.
    func start(
        _ arguments: [String], in folder: String? = nil, _ extra: [String: String] = [:],
        pipes: (input: Int32, output: Int32)? = nil
    ) throws -> ChildProcess {
        let number = counter.withLock { counter in
            counter += 1
            return counter
        }
        return try ChildProcess(
            arguments, in: folder ?? root, environment: environment.merging(extra) { $1 },
            files: "\(root)/io/\(number)",
            pipes: pipes)
    }

    /// Starts a program that runs until the sandbox goes.
    func startServer(_ arguments: [String]) throws -> ChildProcess {
        let server = try start(arguments)
        servers.withLock { $0.append(server) }
        return server
    }

    /// Runs a program to its end.
    @discardableResult
    func run(
        _ arguments: [String], in folder: String? = nil, _ extra: [String: String] = [:],
        within limit: Duration = .seconds(120)
    ) async throws -> Finished {
        try await start(arguments, in: folder, extra).finish(within: limit)
    }

    /// Runs git with arguments that are written as on the command line, without quoting.
    @discardableResult
    func git(_ words: String, in folder: String? = nil, _ extra: [String: String] = [:]) async throws -> Finished {
        try await run(["git"] + words.split(separator: " ").map(String.init), in: folder, extra)
    }
}

/// The embedded platform and everything else that runs here.
extension Sandbox {
    /// Where the platform says that it listens, when it runs.
    struct Endpoint: Decodable {
        let pid: pid_t
        let host: String
        let port: Int
    }

    var endpoint: Endpoint? {
        FileManager.default.contents(atPath: platformFolder + "/endpoint.json")
            .flatMap { try? JSONDecoder().decode(Endpoint.self, from: $0) }
    }

    /// The running platform's process; nil when there is none.
    var platformProcess: pid_t? {
        guard let process = endpoint?.pid, ProcessFacts(process)?.arguments.first?.hasSuffix("bim-platform") == true
        else {
            return nil
        }
        return process
    }

    /// Every process that was started in this sandbox, by the sandbox's path or app in its arguments or environment.
    func processes() -> [pid_t] {
        ProcessFacts.all().filter { facts in
            facts.id != getpid()
                && (facts.arguments + facts.environment).contains { $0.contains(root) || $0.contains(app) }
        }.map(\.id)
    }

    private func stopPlatform() {
        guard let process = platformProcess else { return }
        kill(process, SIGTERM)
        let end = ContinuousClock.now + .seconds(10)
        while ProcessFacts(process) != nil, ContinuousClock.now < end { usleep(10_000) }
    }
}

extension String {
    func trimmingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}
