import ArgumentParser
import Diagnostics
import HookManager

/// What installing and removing have in common.
struct InstallOptions: ParsableArguments {
    @Argument(help: "Hooks; by default pre-push and every hook that bim.yml names.", completion: .list(HookNames.all))
    var hooks: [String] = []

    @Flag(help: "For every repository of this user.")
    var global = false

    func validate() throws {
        for hook in hooks where !HookNames.all.contains(hook) {
            throw ValidationError("git has no client hook '\(hook)'; it has \(HookNames.all.joined(separator: ", "))")
        }
    }

    func installer(prefersScripts: Bool = false) -> HookInstaller {
        HookInstaller(
            environment: ProcessEnvironment.current, folder: ".", reach: global ? .user : .repository,
            program: ProcessEnvironment.programPath ?? "bim-hooks", prefersScripts: prefersScripts)
    }
}

/// `bim-hooks install`: puts the hooks in their place.
struct InstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Installs the hooks of this repository; one that is there goes on being run, first.")

    @OptionGroup var options: InstallOptions

    @Flag(help: "Write scripts where newer versions of git would take an entry of their configuration.")
    var script = false

    func run() async throws {
        for change in try await options.installer(prefersScripts: script).install(options.hooks) { print(change.line) }
    }
}

/// `bim-hooks uninstall`: takes the hooks away and puts back what was there.
struct UninstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall", abstract: "Removes the hooks and puts back what was there before them.")

    @OptionGroup var options: InstallOptions

    func run() async throws {
        let changes = try await options.installer().uninstall(options.hooks)
        for change in changes { print(change.line) }
        if changes.isEmpty { print("nothing is installed") }
    }
}
