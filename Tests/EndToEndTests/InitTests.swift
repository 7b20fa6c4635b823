import Testing

/// `git bim init`.
struct InitTests {
    @Test("A repository gets a remote named after its folder and the hooks; what is there stays")
    func initializes() async throws {
        let sandbox = try Sandbox()
        let folder = "\(sandbox.root)/My App"
        try await sandbox.run(["git", "init", "--quiet", "-b", "main", folder]).success()
        let first = try await sandbox.run(["git", "bim", "init"], in: folder).success().stdout
        #expect(first.contains("added the remote 'bim': bim::local/my-app"))
        #expect(try await sandbox.run(["git", "hook", "run", "pre-push", "--", "bim", "x"], in: folder).status == 0)
        #expect(first.contains("git push bim main  deploys"))
        let second = try await sandbox.run(["git", "bim", "init"], in: folder).success().stdout
        #expect(second.contains("the remote 'bim' is there: bim::local/my-app"))
        let other = try await sandbox.run(["git", "bim", "init", "bim::local/other"], in: folder)
        #expect(try other.failure(11).stderr.contains("the remote 'bim' is there already"))
        let third = try await sandbox.run(
            ["git", "bim", "init", "--no-hooks", "--remote", "two", "https://x/y"], in: folder)
        #expect(try third.failure(11).stderr.contains("'https://x/y' is not an address of a bim remote"))
        let outside = try await sandbox.run(["git", "bim", "init"], in: "\(sandbox.root)/tmp")
        #expect(try outside.failure(11).stderr.contains("not a git repository"))
    }
}
