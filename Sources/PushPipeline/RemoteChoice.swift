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
        let ours = try await remotes(with: remote)
        if let remote {
            if let found = ours.first(where: { $0.name == remote }) ?? ours.first(where: { $0.name == Self.typed }) {
                return found.address
            }
        } else {
            for name in try await namesOfPush() + ["bim"] {
                if let found = ours.first(where: { $0.name == name }) { return found.address }
            }
            if ours.count == 1 { return ours[0].address }
        }
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

    /// The name that a word gets which may be a URL, so that git treats it as it would on the command line of a push.
    private static let typed = "bim-typed"

    /// The remotes of ours with the first address that a push to them takes.
    private func remotes(with word: String?) async throws(UserError) -> [(name: String, address: String)] {
        let extra = word.map { ["-c", "remote.\(Self.typed).url=\($0)"] } ?? []
        guard let list = try await ask(extra + ["remote", "-v"]) else {
            // Outside of a repository git has no remotes, and rewrites URLs all the same.
            let url = if let word { try await ask(["ls-remote", "--get-url", word]) } else { String?.none }
            return url.flatMap { isOurs($0) ? [(Self.typed, $0)] : nil } ?? []
        }
        var remotes: [(name: String, address: String)] = []
        for line in list.split(separator: "\n") where line.hasSuffix(" (push)") {
            let parts = line.dropLast(" (push)".count).split(separator: "\t", maxSplits: 1).map(String.init)
            guard parts.count == 2, remotes.last?.name != parts[0] else { continue }
            // With a helper named beside it, the URL is the address as it stands (git-config(1), `remote.<name>.vcs`).
            let isNamed = try await ask(["config", "--get", "remote.\(parts[0]).vcs"]) == "bim"
            if isNamed || isOurs(parts[1]) { remotes.append((parts[0], parts[1])) }
        }
        return remotes
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
