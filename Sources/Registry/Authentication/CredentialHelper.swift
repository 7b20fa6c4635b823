internal import Artifacts
internal import ProcessRunner

/// Programs that keep credentials: `docker-credential-NAME`, and git's own helpers.
struct CredentialHelper: Sendable {
    let environment: [String: String]

    /// What a helper answered.
    enum Answer: Equatable {
        case found(Credential)
        case none
        /// The helper is missing or failed; with what is known of why.
        case failed(String)
    }

    private struct Secret: Decodable {
        let username: String
        let secret: String

        enum CodingKeys: String, CodingKey {
            case username = "Username"
            case secret = "Secret"
        }
    }

    /// Asks `docker-credential-NAME get` for a server.
    func get(_ name: String, server: String) async -> Answer {
        // A name with a slash would run a program of the file's choice.
        guard !name.contains("/") else { return .failed("'\(name)' is no name of a credential helper") }
        let program = "docker-credential-\(name)"
        do {
            let answer = try await Command(program, ["get"], environment: environment)
                .capture(input: Array(server.utf8), limit: 1 << 20, deadline: .seconds(30))
            guard answer.status.isSuccess else {
                let said = (answer.text + answer.errorText).split(separator: "\n").first.map(String.init) ?? ""
                return said.contains("credentials not found") ? .none : .failed("'\(program)' failed: \(said)")
            }
            guard let secret = try? CanonicalJSON.decode(Secret.self, from: answer.output) else {
                return .failed("'\(program)' gave an answer that is not understood")
            }
            if secret.username == "<token>" { return .found(.identity(token: secret.secret)) }
            return secret.secret.isEmpty
                ? .none : .found(.basic(user: secret.username, password: secret.secret))
        } catch {
            return .failed("'\(program)' could not be run")
        }
    }

    /// Asks git's credential helpers, which are not to ask back.
    func git(host: String) async -> Credential? {
        var variables = environment
        variables["GIT_TERMINAL_PROMPT"] = "0"
        variables["GIT_ASKPASS"] = "true"
        variables["SSH_ASKPASS"] = "true"
        let command = Command(
            "git", ["-c", "credential.interactive=false", "credential", "fill"], environment: variables)
        let question = "protocol=https\nhost=\(host)\n\n"
        guard
            let answer = try? await command.capture(
                input: Array(question.utf8), limit: 1 << 16, deadline: .seconds(30)),
            answer.status.isSuccess
        else { return nil }
        var values: [String: String] = [:]
        for line in answer.text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
        }
        guard let user = values["username"], let password = values["password"], !password.isEmpty else { return nil }
        return .basic(user: user, password: password)
    }
}
