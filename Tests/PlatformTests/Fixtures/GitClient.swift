import ProcessRunner
import Testing

/// A person's git: a repository of their own, and nothing of this machine's configuration.
final class GitClient: Sendable {
    let folder: TemporaryFolder
    /// The work tree.
    var path: String { folder.path + "/work" }

    init() async throws {
        folder = try TemporaryFolder()
        try await git("init", "--quiet", "--initial-branch=main", path, in: folder.path)
    }

    /// Runs git and returns what it printed; fails the test when git fails.
    @discardableResult
    func git(
        _ arguments: String..., in place: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let answer = try await attempt(arguments, in: place)
        try #require(answer.status.isSuccess, "\(arguments)\n\(answer.errorText)", sourceLocation: sourceLocation)
        return answer.text.trimmingSuffix("\n")
    }

    /// Runs git, whatever comes of it.
    func attempt(_ arguments: [String], in place: String? = nil) async throws -> Captured {
        try await Command("git", arguments, environment: environment, workingDirectory: place ?? path)
            .capture(deadline: .seconds(60))
    }

    /// Commits a file and returns the commit's id.
    func commit(_ text: String, to file: String = "file") async throws -> String {
        try folder.write(text.utf8, to: "work/\(file)")
        try await git("add", "--all")
        try await git("commit", "--quiet", "--message", text)
        return try await git("rev-parse", "HEAD")
    }

    /// Pushes what HEAD names to the place where the platform takes source, as the remote helper does.
    func pushSource(to platform: TestPlatform, _ revision: String = "HEAD") async throws {
        try await git("push", "--quiet", platform.gitURL, "+\(revision):refs/bim/source/test")
    }

    private var environment: [String: String] {
        [
            "PATH": "/usr/bin:/bin", "HOME": folder.path, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
            "GIT_AUTHOR_NAME": "A Developer", "GIT_AUTHOR_EMAIL": "developer@example.org",
            "GIT_COMMITTER_NAME": "A Developer", "GIT_COMMITTER_EMAIL": "developer@example.org",
            "GIT_AUTHOR_DATE": "2030-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2030-01-02T03:04:05Z",
        ]
    }
}

extension String {
    func trimmingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}
