import ProcessRunner
import Testing

@Suite struct CleanEnvironmentTests {
    @Test("Every variable that the installed git calls local is removed")
    func agreesWithGit() async throws {
        let listed = try await Command("git", ["rev-parse", "--local-env-vars"], environment: basic)
            .capture(deadline: .seconds(20)).text.split(separator: "\n").map(String.init)
        #expect(listed.count > 10)
        #expect(Set(listed).subtracting(CleanEnvironment.gitVariables).isEmpty)
    }

    @Test("What is not a repository's stays")
    func keepsTheRest() {
        let environment = [
            "GIT_DIR": "x", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c",
            "GIT_SSH_COMMAND": "ssh -v", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/bin",
        ]
        #expect(
            CleanEnvironment.removingGitVariables(from: environment) == [
                "GIT_SSH_COMMAND": "ssh -v", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/bin",
            ])
    }

    @Test("The inherited environment is this process's")
    func inherited() {
        #expect(CleanEnvironment.inherited()["PATH"]?.isEmpty == false)
    }
}
