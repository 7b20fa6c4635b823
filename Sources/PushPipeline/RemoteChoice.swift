internal import Deployers
internal import Diagnostics
internal import GitCore
internal import ProcessRunner

/// Finds the remote that a command speaks of; git itself says which URL a push to it takes.
struct RemoteChoice {
    let environment: [String: String]
    var folder = "."

    /// The platform behind a remote's name or a URL; nil is the remote that `git push` takes when it is one of ours, else
    /// the remote `bim`, else the only one of ours.
    func connect(
        _ remote: String?, onStart: (@Sendable () -> Void)?
    ) async throws(UserError) -> PlatformConnection {
        try await PlatformConnection(
            RemoteAddress(try await address(of: remote)), environment: environment, onStart: onStart)
    }

    /// What git would hand to the remote helper for a push.
    func address(of remote: String?) async throws(UserError) -> String {
        if remote == nil { try requireRepository() }
        let remotes = try await remotes()
        let names = if let remote { [remote] } else { try await namesOfPush() + remotes.filter { $0 == "bim" } }
        for name in names {
            if let url = try await url(of: name, among: remotes) { return url }
        }
        var ours: [(name: String, url: String)] = []
        for name in remotes {
            if let url = try await url(ofRemote: name) { ours.append((name, url)) }
        }
        if remote == nil, ours.count == 1 { return ours[0].url }
        throw noRemote(remote, ours.map { "'\($0.name)'" }.joined(separator: ", "))
    }

    private func noRemote(_ remote: String?, _ ours: String) -> UserError {
        UserError(
            .configInvalid,
            remote.map { "there is no remote '\(withoutCredentials($0))' whose URL begins with 'bim::'" }
                ?? (ours.isEmpty ? "no remote's URL begins with 'bim::'" : "several remotes are bim's: \(ours)"),
            hint: ours.isEmpty ? "git remote add bim bim::local/<app>" : "name one of them: \(ours)")
    }

    private func requireRepository() throws(UserError) {
        do { _ = try RepositoryLocation(environment: environment, folder: folder).open() } catch {
            throw error.userError
        }
    }

    private func url(of word: String, among remotes: [String]) async throws(UserError) -> String? {
        if remotes.contains(word) { return try await url(ofRemote: word) }
        return try await url(ofTyped: word)
    }

    /// The names of all remotes; none outside of a repository.
    private func remotes() async throws(UserError) -> [String] {
        try await ask(["remote"]).map { $0.split(separator: "\n").map(String.init) } ?? []
    }

    /// The remotes that `git push` without one would take, the first first (git-config(1), `branch.<name>.pushRemote`).
    private func namesOfPush() async throws(UserError) -> [String] {
        let branch = try await ask(["symbolic-ref", "--quiet", "--short", "HEAD"])
        let keys =
            (branch.map { ["branch.\($0).pushRemote"] } ?? []) + ["remote.pushDefault"]
            + (branch.map { ["branch.\($0).remote"] } ?? [])
        var names: [String] = []
        for key in keys {
            if let name = try await ask(["config", "--get", key]) { names.append(name) }
        }
        return names
    }

    /// The first URL that a push to the remote takes, when it is one of ours.
    private func url(ofRemote name: String) async throws(UserError) -> String? {
        guard let url = try await ask(["remote", "get-url", "--push", name]) else { return nil }
        // With a helper named beside it, the URL is the address as it stands (git-config(1), `remote.<name>.vcs`).
        if try await ask(["config", "--get", "remote.\(name).vcs"]) == "bim" { return url }
        return isOurs(url) ? url : nil
    }

    /// What git makes of a URL on the command line of a push.
    private func url(ofTyped word: String) async throws(UserError) -> String? {
        let name = "bim-typed"
        let asRemote = ["-c", "remote.\(name).url=\(word)", "remote", "get-url", "--push", name]
        if let url = try await ask(asRemote) { return isOurs(url) ? url : nil }
        // Outside of a repository git has no remotes, and rewrites URLs all the same.
        return try await ask(["ls-remote", "--get-url", word]).flatMap { isOurs($0) ? $0 : nil }
    }

    private func isOurs(_ url: String) -> Bool { url.hasPrefix("bim::") || url.hasPrefix("bim://") }

    /// What git answers, without its last line end; nil when it answers with a failure.
    private func ask(_ arguments: [String]) async throws(UserError) -> String? {
        let answer: Captured
        do {
            answer = try await Command("git", arguments, environment: environment, workingDirectory: folder)
                .capture(deadline: .seconds(30))
        } catch {
            throw UserError(
                .configInvalid, "git does not say which remotes there are", hint: "git remote -v", cause: error)
        }
        guard answer.status.isSuccess else { return nil }
        return answer.text.hasSuffix("\n") ? String(answer.text.dropLast()) : answer.text
    }
}
