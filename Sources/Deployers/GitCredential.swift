internal import ProcessRunner

/// What git's credential helpers know of a server (git-credential); nobody is ever asked at a terminal.
struct GitCredential: Sendable, Equatable {
    let username: String
    let password: String
    /// git's own description of it, which is handed back when it has been tried.
    private let description: String

    private init?(_ description: String) {
        var values: [String: String] = [:]
        for line in description.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
        }
        guard let password = values["password"], !password.isEmpty else { return nil }
        username = values["username"] ?? ""
        self.password = password
        self.description = description
    }

    /// The credential for a URL; nil when no helper has one.
    static func fill(url: String, environment: [String: String]) async -> GitCredential? {
        guard let text = await run("fill", "url=\(url)\n\n", environment) else { return nil }
        return GitCredential(text)
    }

    /// Gives a credential to the helpers to keep.
    static func store(url: String, username: String, password: String, environment: [String: String]) async {
        _ = await run("approve", "url=\(url)\nusername=\(username)\npassword=\(password)\n\n", environment)
    }

    /// Takes what the helpers keep for a URL from them.
    static func forget(url: String, environment: [String: String]) async {
        _ = await run("reject", "url=\(url)\n\n", environment)
    }

    /// Tells the helpers that it was taken, or that it was not.
    func report(isValid: Bool, environment: [String: String]) async {
        _ = await Self.run(isValid ? "approve" : "reject", description + "\n", environment)
    }

    private static func run(_ verb: String, _ input: String, _ environment: [String: String]) async -> String? {
        var variables = environment
        variables["GIT_TERMINAL_PROMPT"] = "0"
        // A program that asks in a window would be as bad as a prompt; this one answers nothing.
        variables["GIT_ASKPASS"] = "true"
        variables["SSH_ASKPASS"] = nil
        let command = Command(
            "git", ["-c", "credential.interactive=false", "credential", verb], environment: variables)
        guard let answer = try? await command.capture(input: Array(input.utf8), limit: 65536, deadline: .seconds(30)),
            answer.status.isSuccess
        else { return nil }
        return answer.text
    }
}
