import ArgumentParser
import Diagnostics
import PushPipeline

/// `git bim login`: gives the token of a platform to git's credential helpers.
struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Stores the token of a remote's platform in git's credential helper.",
        discussion: "The token is read from standard input, or asked for where that is a terminal.")

    @Argument(help: "The remote, or a URL; the remote 'bim', or the only one whose URL begins with 'bim::'.")
    var remote: String?

    func run() async throws {
        print(
            try await Login.login(
                remote: remote, environment: ProcessEnvironment.current,
                token: { place throws(UserError) in
                    try SecretPrompt.read(
                        "token for \(place)", missing: .unauthenticated,
                        hint: "git bim login < <a file with the token>")
                }))
    }
}

/// `git bim logout`: takes the token away again.
struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Removes the token of a remote's platform from git's credential helper.")

    @Argument(help: "The remote, or a URL; the remote 'bim', or the only one whose URL begins with 'bim::'.")
    var remote: String?

    func run() async throws {
        print(try await Login.logout(remote: remote, environment: ProcessEnvironment.current))
    }
}
