import ArgumentParser
import Diagnostics
import HookManager
import PushPipeline

/// `git bim init`: makes a repository ready for its first push.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Adds a bim remote to this repository and installs the hooks.")

    @Argument(help: "The remote's URL; by default 'bim::local/<app>', named after bim.yml or the folder.")
    var url: String?

    @Option(help: "The remote's name.")
    var remote = "bim"

    @Flag(inversion: .prefixedNo, help: "Install the hooks that run the project's checks.")
    var hooks = true

    func run() async throws {
        let environment = ProcessEnvironment.current
        let (address, isNew, branch) = try await ProjectSetup(environment: environment).addRemote(remote, url: url)
        print(isNew ? "added the remote '\(remote)': \(address)" : "the remote '\(remote)' is there: \(address)")
        if hooks {
            let installer = HookInstaller(
                environment: environment, folder: ".", reach: .repository,
                program: ProcessEnvironment.program(named: "bim-hooks"), prefersScripts: false)
            for change in try await installer.install([]) { print(change.line) }
        }
        print("git push \(remote) \(branch)  deploys")
    }
}
