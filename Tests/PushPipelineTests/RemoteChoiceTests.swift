import Diagnostics
import Testing

@testable import PushPipeline

/// Which remote a command speaks of, when git has its say.
struct RemoteChoiceTests {
    /// Settings of a repository, what the command is told, and the address that comes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let script: String
        var word: String?
        let address: String

        var testDescription: String { "\(script) → \(address)" }
    }

    private static let cases = [
        Case(script: "git remote add bim bim::local/a; git remote add x bim::local/b", address: "bim::local/a"),
        Case(script: "git remote add x bim::local/b; git remote add origin /nowhere", address: "bim::local/b"),
        Case(script: "git remote add x bim::local/b", word: "x", address: "bim::local/b"),
        Case(script: ":", word: "bim::local/typed", address: "bim::local/typed"),
        Case(script: "git config url.bim::local/.insteadOf s:", word: "s:app", address: "bim::local/app"),
        Case(script: "git config url.bim::local/.insteadOf s:; git remote add bim s:app", address: "bim::local/app"),
        Case(
            script: "git config url.bim://host/u/.pushInsteadOf /src/; git remote add bim /src/app",
            address: "bim://host/u/app"),
        Case(
            script: "git config url.bim://host/u/.pushInsteadOf /src/", word: "/src/app", address: "bim://host/u/app"),
        Case(
            script: "git remote add origin /src; git remote set-url --push origin bim::local/p", address: "bim::local/p"
        ),
        Case(script: "git remote add r local/v; git config remote.r.vcs bim", word: "r", address: "local/v"),
        Case(
            script: "git remote add bim bim::local/a; git remote add x bim::local/b; git config remote.pushDefault x",
            address: "bim::local/b"),
        Case(
            script: """
                git remote add bim bim::local/a; git remote add x bim::local/b; git remote add y bim::local/c
                git config remote.pushDefault x; git config branch.main.pushRemote y
                """, address: "bim::local/c"),
        Case(
            script: "git remote add bim bim::local/a; git remote add x bim::local/b; git config branch.main.remote x",
            address: "bim::local/b"),
        Case(
            script: "git remote add bim bim::local/a; git remote add o /src; git config branch.main.remote o",
            address: "bim::local/a"),
    ]

    @Test("The address is the one that git would push to", arguments: cases)
    func address(_ example: Case) async throws {
        let folder = try ScriptFolder("git init -q -b main .\n\(example.script)")
        let choice = RemoteChoice(environment: folder.environment, folder: folder.path)
        #expect(try await choice.address(of: example.word) == example.address)
    }

    @Test("Where there is none, or several, the hint says what to type")
    func refusals() async throws {
        let folder = try ScriptFolder()
        let choice = RemoteChoice(environment: folder.environment, folder: folder.path)
        #expect(try await refusal(choice, nil).message == "this folder is not a git repository")
        #expect(try await choice.address(of: "bim::local/app") == "bim::local/app")
        try folder.run("git init -q -b main .; git remote add origin /src")
        #expect(try await refusal(choice, nil).message == "no remote's URL begins with 'bim::'")
        #expect(try await refusal(choice, "origin").hint == "git remote add bim bim::local/<app>")
        try folder.run("git remote add x bim::local/x; git remote add y bim::local/y")
        #expect(try await refusal(choice, nil).message == "several remotes are bim's: 'x', 'y'")
        #expect(try await refusal(choice, "https://me:secret@host/a").message.contains("secret") == false)
        #expect(try await refusal(choice, "z").hint == "name one of them: 'x', 'y'")
    }

    private func refusal(_ choice: RemoteChoice, _ word: String?) async throws -> UserError {
        do {
            let address = try await choice.address(of: word)
            throw UserError(.internal, "'\(address)' was found")
        } catch let error as UserError {
            try #require(error.code == .configInvalid, "\(error)")
            return error
        }
    }
}
