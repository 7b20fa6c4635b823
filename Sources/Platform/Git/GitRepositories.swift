internal import Diagnostics
internal import PlatformAPI
internal import ProcessRunner
internal import Sandboxes
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// The bare repositories of the apps, kept and changed by git's own programs.
///
/// The ledger is the truth about refs; a repository follows it. Pushed source arrives under `refs/bim/source/` alone,
/// which is not advertised to clones.
struct GitRepositories: Sendable {
    /// What git said when it would not do its part.
    struct GitFailed: Error, CustomStringConvertible {
        let arguments: [String]
        let errorText: String

        var description: String { "git \(arguments.first ?? ""): \(errorText)" }
    }

    let folder: String
    private let environment: [String: String]

    init(folder: String, environment: [String: String]) {
        self.folder = folder
        var clean = CleanEnvironment.removingGitVariables(from: environment)
        // The user's own configuration (templates, hooks, maintenance) has no say in the platform's repositories.
        clean["GIT_CONFIG_GLOBAL"] = "/dev/null"
        clean["GIT_CONFIG_SYSTEM"] = "/dev/null"
        clean["LC_ALL"] = "C"
        self.environment = clean
    }

    func path(of app: AppID) -> String { "\(folder)/\(app.user)/\(app.app).git" }

    /// The environment in which git works on the platform's repositories.
    var gitEnvironment: [String: String] { environment }

    /// Makes the app's repository when it does not exist.
    func ensure(_ app: AppID) async throws {
        let path = path(of: app)
        if exists(app) { return }
        try await git(["init", "--quiet", "--bare", "--initial-branch=main", path])
        let settings = [
            // A shallow clone deploys too.
            "receive.shallowUpdate": "true", "http.receivepack": "true", "uploadpack.allowFilter": "true",
            "uploadpack.allowAnySHA1InWant": "true", "uploadpack.hideRefs": "refs/bim", "receive.autogc": "false",
        ]
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
            try await git(["-C", path, "config", key, value])
        }
        // Earlier versions named the hooks by a path that was wrong once the folder moved.
        _ = try await run(["-C", path, "config", "--unset-all", "core.hooksPath"])
        try writeFile(path + "/hooks/pre-receive", PushAdvice.preReceive, mode: 0o755)
        try writeFile(path + Self.readyMark, "", mode: 0o644)
    }

    /// Removes the locks that a git of an earlier process left behind when it was killed; nothing of git may run.
    ///
    /// git takes such a lock for the work of another and does nothing until it is gone (gitrepository-layout(5)).
    func removeStaleLocks(of app: AppID) {
        removeLocks(in: path(of: app), below: ["refs", "logs", "info"])
    }

    private func removeLocks(in folder: String, below names: Set<String>?) {
        for name in FolderContents.names(in: folder) {
            let path = "\(folder)/\(name)"
            switch FileKind(of: path) {
            case .file where name.hasSuffix(".lock"): unlink(path)
            case .folder where names?.contains(name) != false: removeLocks(in: path, below: nil)
            default: break
            }
        }
    }

    func exists(_ app: AppID) -> Bool { access(path(of: app) + Self.readyMark, F_OK) == 0 }

    /// Written last; its name changes with the settings and hooks that a repository is given.
    private static let readyMark = "/bim-ready-3"

    /// Whether the commit, with all that it needs, has been pushed to the app's repository.
    func contains(commit: String, of app: AppID) async throws -> Bool {
        let answer = try await run(["-C", path(of: app), "cat-file", "-e", commit + "^{commit}"])
        return answer.status.isSuccess
    }

    /// The objects, of any kind, that have not been pushed to the app's repository.
    ///
    /// - Parameter ids: object ids in full.
    func missingObjects(_ ids: [String], of app: AppID) async throws -> [String] {
        if ids.isEmpty { return [] }
        let answer = try await git(
            ["-C", path(of: app), "cat-file", "--batch-check=%(objectname)"],
            input: Array(ids.map { $0 + "\n" }.joined().utf8))
        return answer.split(separator: "\n").filter { $0.hasSuffix(" missing") }.map { String($0.prefix { $0 != " " }) }
    }

    /// Whether `ancestor` lies in the history of `commit`; nil when the history that is here cannot tell.
    func isAncestor(_ ancestor: String, of commit: String, in app: AppID) async throws -> Bool? {
        let answer = try await run(["-C", path(of: app), "merge-base", "--is-ancestor", ancestor, commit])
        if answer.status.isSuccess { return true }
        return isShallow(app) ? nil : false
    }

    /// Makes the repository's own refs equal to the ledger's; what is equal already costs one listing.
    func follow(_ refs: [RefRecord], of app: AppID) async throws {
        let path = path(of: app)
        let listed = try await list(app)
        let present = listed.filter { !$0.key.hasPrefix("refs/bim/") }
        // Deletions go first in a transaction of their own: `a` must make room for `a/b`.
        let wanted = Set(refs.map(\.ref))
        let deletions = present.keys.filter { !wanted.contains($0) }
        let updates = refs.filter { present[$0.ref] != $0.objectID }.map { "update \($0.ref)\0\($0.objectID)\0\0" }
        if !deletions.isEmpty { try await delete(deletions, of: app) }
        if !updates.isEmpty {
            try await git(["-C", path, "update-ref", "-z", "--stdin"], input: Array(updates.joined().utf8))
        }
        try await setHead(refs, of: app)
        let held = Set(refs.map(\.objectID))
        await removeSources(listed.filter { held.contains($0.value) }.map(\.key), of: app)
    }

    /// Removes the refs under which source has arrived; what was not deployed is forgotten by git in its own time
    /// (git-gc(1)). For a time at which nobody deploys.
    func removeSources(of app: AppID) async throws {
        await removeSources(Array(try await list(app).keys), of: app)
    }

    /// Every push is told of all refs: those whose commit a real ref holds are only a burden. One that a push holds now
    /// stays until the next time.
    private func removeSources(_ names: [String], of app: AppID) async {
        let sources = names.filter { $0.hasPrefix("refs/bim/source/") }
        if !sources.isEmpty { try? await delete(sources, of: app) }
    }

    /// Packs what has become loose when there is much of it, and drops what nothing has needed for two weeks.
    func tidy(_ app: AppID) async throws {
        _ = try await Command(
            "git", ["-C", path(of: app), "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet"],
            environment: environment
        ).capture(deadline: .seconds(1800))
    }

    /// The object ids of all refs by name.
    private func list(_ app: AppID) async throws -> [String: String] {
        let listing = try await git(["-C", path(of: app), "for-each-ref", "--format=%(objectname) %(refname)"])
        return listing.split(separator: "\n").reduce(into: [:]) { refs, line in
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts.count == 2 { refs[String(parts[1])] = String(parts[0]) }
        }
    }

    private func delete(_ names: [String], of app: AppID) async throws {
        let commands = names.sorted().map { "delete \($0)\0\0" }.joined()
        try await git(["-C", path(of: app), "update-ref", "-z", "--stdin"], input: Array(commands.utf8))
    }

    /// HEAD names the production branch, else what it has named before, else the first branch that there is, so that a
    /// clone checks something out.
    private func setHead(_ refs: [RefRecord], of app: AppID) async throws {
        let branches = refs.map(\.ref).filter { $0.hasPrefix("refs/heads/") }
        let production = refs.first { $0.environment == EnvironmentID.production }?.ref
        let answer = try await run(["-C", path(of: app), "symbolic-ref", "HEAD"])
        let current = String(answer.text.prefix { $0 != "\n" })
        guard let head = production ?? branches.first(where: { $0 == current }) ?? branches.first else { return }
        if current != head {
            try await git(["-C", path(of: app), "symbolic-ref", "HEAD", head])
        }
    }

    @discardableResult
    private func git(_ arguments: [String], input: [UInt8] = []) async throws -> String {
        let answer = try await run(arguments, input: input)
        guard answer.status.isSuccess else { throw GitFailed(arguments: arguments, errorText: answer.errorText) }
        return String(decoding: answer.output, as: UTF8.self)
    }

    func run(_ arguments: [String], input: [UInt8] = []) async throws -> Captured {
        try await Command("git", arguments, environment: environment)
            .capture(input: input, limit: 64 << 20, deadline: .seconds(60))
    }

    private func writeFile(_ path: String, _ text: String, mode: mode_t) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else {
            throw GitFailed(arguments: ["write", path], errorText: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else {
            throw GitFailed(arguments: ["write", path], errorText: String(cString: strerror(errno)))
        }
    }
}
