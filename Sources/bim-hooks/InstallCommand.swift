import ArgumentParser
import Diagnostics
import HookManager

/// `bim-hooks install`: puts the pre-push hook in its place.
struct InstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Installs the pre-push hook of this repository; an earlier one goes on being run.")

    func run() async throws {
        let installer = HookInstaller(environment: ProcessEnvironment.current, folder: ".")
        switch try await installer.install("pre-push") {
        case .installed(let path, let keptEarlier):
            print("installed \(path)" + (keptEarlier ? "; the hook that was there is run first" : ""))
        case .removed, .nothing: print("up to date")
        }
    }
}

/// `bim-hooks uninstall`: takes the hook away and puts back what was there.
struct UninstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall", abstract: "Removes the hook and puts back what was there before it.")

    func run() async throws {
        let installer = HookInstaller(environment: ProcessEnvironment.current, folder: ".")
        switch try await installer.uninstall("pre-push") {
        case .removed(let path, let restoredEarlier):
            print("removed \(path)" + (restoredEarlier ? "; the hook that was there is back" : ""))
        case .installed, .nothing: print("it is not installed")
        }
    }
}
