import Foundation
import Testing

/// A repository with an app in it and a remote `bim`.
struct Project {
    let sandbox: Sandbox
    let folder: String
    let remote: String

    /// Makes an empty repository on branch `main`, with the remote `bim::local/<app>` unless told otherwise.
    init(in sandbox: Sandbox, folder name: String = "work", remote: String? = nil) async throws {
        self.sandbox = sandbox
        folder = "\(sandbox.root)/\(name)"
        self.remote = remote ?? "bim::local/\(sandbox.app)"
        try await sandbox.git("init --quiet -b main \(folder)").success()
        try await git("remote add bim \(self.remote)").success()
    }

    /// A repository that exists already, such as a clone.
    init(existing folder: String, in sandbox: Sandbox) {
        self.sandbox = sandbox
        self.folder = folder
        remote = "bim::local/\(sandbox.app)"
    }

    func write(_ path: String, _ text: String, isExecutable: Bool = false) throws {
        let file = "\(folder)/\(path)"
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        if isExecutable { try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file) }
    }

    /// Writes the files, commits everything, and gives the commit's object id.
    @discardableResult
    func commit(_ message: String, _ files: [String: String] = [:]) async throws -> String {
        for (path, text) in files { try write(path, text) }
        try await git("add --all").success()
        try await sandbox.run(["git", "commit", "--quiet", "--allow-empty", "-m", message], in: folder).success()
        return try await objectID("HEAD")
    }

    /// A commit of an app that answers with `body`.
    @discardableResult
    func commitApp(answering body: String, before: String = "pass") async throws -> String {
        try await commit("Answer \(body)", ["app.py": SampleApp.answering(body, before: before)])
    }

    func objectID(_ revision: String) async throws -> String {
        try await sandbox.run(["git", "rev-parse", "--verify", revision], in: folder).success().stdout
            .trimmingCharacters(in: .newlines)
    }

    @discardableResult
    func git(_ words: String, _ extra: [String: String] = [:]) async throws -> Finished {
        try await sandbox.git(words, in: folder, extra)
    }

    /// `git push bim <words>`.
    @discardableResult
    func push(_ words: String = "main", _ extra: [String: String] = [:]) async throws -> Finished {
        try await git("push bim \(words)", extra)
    }

    /// `git push bim <words>`, not waited for.
    func startPush(_ words: String = "main", _ extra: [String: String] = [:]) throws -> ChildProcess {
        try sandbox.start(["git", "push", "bim"] + words.split(separator: " ").map(String.init), in: folder, extra)
    }
}

/// What the platform says about the project's app.
extension Project {
    struct Status: Decodable {
        struct Environment: Decodable {
            let name: String
            let state: String
            let live_release: Int?
            let url: String?
            let problem: String?
        }
        struct Ref: Decodable {
            let ref: String
            let object_id: String
            let release: Int?
        }
        struct Deployment: Decodable {
            let commit: String
            let environment: String
            let status: String
            let phase: String?
            let release: Int?
        }

        let environments: [Environment]
        let refs: [Ref]
        let deployments: [Deployment]

        func objectID(_ branch: String = "main") -> String? {
            refs.first { $0.ref == "refs/heads/\(branch)" }?.object_id
        }
        func environment(_ name: String = "production") -> Environment? { environments.first { $0.name == name } }
    }

    func status() async throws -> Status {
        let text = try await git("bim status --json").success().stdout
        return try JSONDecoder().decode(Status.self, from: Data(text.utf8))
    }

    func url(of environment: String = "production") async throws -> String {
        try #require(try await status().environment(environment)?.url)
    }

    /// What the environment's URL answers.
    func answer(of environment: String = "production") async throws -> String {
        try await WebClient.get(try await url(of: environment)).body
    }

    /// The object id of a branch as git sees it on the remote.
    func remoteObjectID(_ branch: String = "main") async throws -> String? {
        try await git("ls-remote bim refs/heads/\(branch)").success().stdout.split(separator: "\t").first.map(
            String.init)
    }
}
