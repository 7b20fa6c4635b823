internal import Deployers
internal import Diagnostics
internal import GitCore
internal import ProcessRunner

/// What a partial clone has left with its promisor remote (git's `partial-clone` and `rev-list --missing`).
///
/// The configuration and the builders read objects without git, which would fetch them one by one; so all that a commit
/// needs is fetched before, by the user's own git.
struct PromisedObjects: Sendable {
    let location: RepositoryLocation
    let reporter: any Reporter

    /// Objects in a listing of a large tree take this much.
    private static let longestListing = 1 << 30
    /// Trees first, since nobody knows what is in one that is not here, then the files in them.
    private static let rounds = 2

    /// Fetches what of these commits' trees is not here; asks nobody anything in a whole clone.
    ///
    /// - Throws: `BUILD_FAILED` when no promisor remote gives it.
    func fetch(for commits: [ObjectID]) async throws(UserError) {
        let remotes = try promisorRemotes()
        if remotes.isEmpty || commits.isEmpty { return }
        var missing = try await missing(from: commits)
        var said: [String] = []
        for _ in 0..<Self.rounds where !missing.isEmpty {
            reporter.report(.progress(.build, "fetching \(Self.count(missing)) that this partial clone left out"))
            for remote in remotes {
                if let complaint = try await fetch(missing, from: remote) { said.append(complaint) }
                missing = try await self.missing(from: commits)
                if missing.isEmpty { return }
            }
        }
        if missing.isEmpty { return }
        let names = remotes.map { "'\($0)'" }.joined(separator: ", ")
        throw UserError(
            .buildFailed,
            "\(Self.count(missing)) of the commit \(missing.count == 1 ? "is" : "are") not in this partial clone, and \(names) did not give \(missing.count == 1 ? "it" : "them")",
            hint: "git fetch \(remotes[0])  shows whether the remote can be reached",
            cause: said.isEmpty ? nil : GitSaid(text: said.joined(separator: "\n")))
    }

    private static func count(_ ids: [String]) -> String { ids.count == 1 ? "1 object" : "\(ids.count) objects" }

    private func promisorRemotes() throws(UserError) -> [String] {
        do {
            let configuration = try location.open().configuration()
            let old = configuration.string("extensions.partialClone")
            var names: [String] = []
            for remote in configuration.remotes() {
                let isPromisor = try configuration.bool("remote.\(remote.name).promisor") == true
                if isPromisor || remote.name == old { names.append(remote.name) }
            }
            return names
        } catch {
            throw error.userError
        }
    }

    private func missing(from commits: [ObjectID]) async throws(UserError) -> [String] {
        let answer = try await git(
            ["rev-list", "--objects", "--no-walk", "--missing=print", "--no-object-names", "--stdin"],
            commits.map(\.hex))
        guard answer.status.isSuccess else {
            throw UserError(
                .buildFailed, "git cannot list what the commit holds", hint: "git fsck",
                cause: GitSaid(text: answer.errorText))
        }
        return answer.text.split(separator: "\n").filter { $0.hasPrefix("?") }.map { String($0.dropFirst()) }
    }

    /// As git itself fetches them (git's `promisor-remote.c`).
    ///
    /// - Returns: what git says when it fails.
    private func fetch(_ ids: [String], from remote: String) async throws(UserError) -> String? {
        let answer = try await git(
            [
                "-c", "fetch.negotiationAlgorithm=noop", "fetch", remote, "--quiet", "--no-tags",
                "--no-write-fetch-head", "--no-auto-maintenance", "--recurse-submodules=no", "--filter=blob:none",
                "--stdin",
            ], ids)
        return answer.status.isSuccess ? nil : answer.errorText
    }

    private func git(_ arguments: [String], _ lines: [String]) async throws(UserError) -> Captured {
        let command = Command(
            "git", arguments, environment: location.environment, workingDirectory: location.folder)
        do {
            return try await command.capture(
                input: Array(lines.map { $0 + "\n" }.joined().utf8), limit: Self.longestListing,
                deadline: .seconds(1800))
        } catch  where Task.isCancelled {
            throw UserError(.interrupted, "interrupted", hint: "push again")
        } catch {
            throw UserError(.buildFailed, "git does not complete this partial clone", hint: "git fsck", cause: error)
        }
    }
}
