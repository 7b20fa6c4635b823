package import Diagnostics
internal import GitCore
internal import Glibc
internal import ProjectConfig
internal import Workspaces

/// Puts bim's hooks where git finds them, and takes them away again to the byte.
///
/// From git 2.54 on they are entries of git's configuration, which touch no file and leave other managers alone; before
/// that they are scripts in the hooks folder, beside which an earlier hook is kept.
package struct HookInstaller: Sendable {
    /// Whose pushes and commits are meant.
    package enum Reach: Sendable {
        /// This repository with all its worktrees.
        case repository
        /// Every repository of this user.
        case user
    }

    let environment: [String: String]
    let folder: String
    let reach: Reach
    /// The absolute path of bim-hooks, as the hooks will start it.
    let program: String
    /// Scripts where git's configuration would do, too, for a repository that older versions of git share.
    let prefersScripts: Bool

    package init(
        environment: [String: String], folder: String, reach: Reach, program: String, prefersScripts: Bool = false
    ) {
        self.environment = environment
        self.folder = folder
        self.reach = reach
        self.program = program
        self.prefersScripts = prefersScripts
    }

    /// Installs hooks.
    ///
    /// - Parameter hooks: nothing means pre-push and every hook that the configuration names.
    /// - Throws: `CONFIG_INVALID` where a hook of ours was edited, or a folder cannot be written.
    package func install(_ hooks: [String]) async throws(UserError) -> [HookChange] {
        let wanted = hooks.isEmpty ? try usualHooks() : hooks
        let git = try git()
        let entries = ConfiguredHooks(git: git, scope: reach == .user ? .global : .local)
        let place = try await hookFolder(git)
        let takesEntries = try await git.version() >= .withConfiguredHooks && !prefersScripts
        var changes: [HookChange] = []
        if place.isOurs && !takesEntries { try Folders.make(place.folder.path, below: "") }
        for hook in wanted {
            // One or the other: with both, each check would run twice.
            if takesEntries && place.folder.occupant(of: hook)?.authorship != .intact {
                changes.append(
                    try await entries.install(
                        HookCommand(hook: hook, program: program, isEverywhere: reach == .user)))
            } else {
                _ = try await entries.uninstall(hook)
                let duty: HookScript.Duty = place.isOurs ? .everywhere : .checks
                changes.append(
                    try place.folder.install(HookScript(hook: hook, program: program, duty: duty)))
            }
        }
        if place.isOurs && !takesEntries { try await open(place.folder, except: wanted, git) }
        return changes
    }

    /// Removes hooks and puts back those that were there before them.
    ///
    /// - Parameter hooks: nothing means every hook of ours.
    /// - Throws: `CONFIG_INVALID` where a hook of ours was edited; the others are removed all the same.
    package func uninstall(_ hooks: [String]) async throws(UserError) -> [HookChange] {
        let git = try git()
        let entries = ConfiguredHooks(git: git, scope: reach == .user ? .global : .local)
        let place = try await hookFolder(git)
        // Scripts stay where they are when core.hooksPath is set later.
        var folders = [place.folder]
        if reach == .repository {
            let own = try await ownFolder(git)
            if own.path != place.folder.path { folders.append(own) }
        }
        var changes: [HookChange] = []
        var failure: UserError?
        for hook in hooks.isEmpty ? Check.hookNames : hooks {
            do {
                if let change = try await entries.uninstall(hook) { changes.append(change) }
                for folder in folders {
                    if let change = try folder.uninstall(hook) { changes.append(change) }
                }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        if place.isOurs && hooks.isEmpty { try await close(place.folder, git) }
        return changes
    }

    /// Pre-push, and what `bim.yml`, `bim.local.yml` and git's configuration name.
    private func usualHooks() throws(UserError) -> [String] {
        if reach == .user { return ["pre-push"] }
        let named = try NamedHooks(location: RepositoryLocation(environment: environment, folder: folder)).names
        return Check.hookNames.filter { $0 == "pre-push" || named.contains($0) }
    }

    private func git() throws(UserError) -> GitProgram {
        if reach == .user { return GitProgram(environment: environment, folder: "/") }
        do {
            let repository = try RepositoryLocation(environment: environment, folder: folder).open()
            return GitProgram(environment: environment, folder: repository.workTree ?? repository.gitDirectory)
        } catch {
            throw error.hookError
        }
    }
}

/// The folders of hooks.
extension HookInstaller {
    private typealias Place = (folder: HookFolder, isOurs: Bool)

    /// Where git looks for the hooks that are meant: `core.hooksPath`, else the folder that all worktrees share.
    private func hookFolder(_ git: GitProgram) async throws(UserError) -> Place {
        if reach == .user {
            let ours = Self.userFolder(environment)
            let set = try await git.answer("config", "--global", "--type=path", "core.hooksPath")
            return (HookFolder(path: set ?? ours), set == nil || set == ours)
        }
        guard let path = try await git.answer("rev-parse", "--path-format=absolute", "--git-path", "hooks") else {
            throw UserError(.internal, "git does not tell where its hooks are", hint: "git rev-parse --git-path hooks")
        }
        // What a user has for all repositories is entered by --global alone.
        if path == Self.userFolder(environment) { return (try await ownFolder(git), false) }
        return (HookFolder(path: path), false)
    }

    private func ownFolder(_ git: GitProgram) async throws(UserError) -> HookFolder {
        let common = try await git.answer("rev-parse", "--path-format=absolute", "--git-common-dir")
        return HookFolder(path: (common ?? folder) + "/hooks")
    }

    /// `$XDG_CONFIG_HOME/bim/hooks`.
    static func userFolder(_ environment: [String: String]) -> String {
        let configuration = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (configuration ?? (environment["HOME"] ?? "") + "/.config") + "/bim/hooks"
    }

    /// The hooks of servers and programs that git would no longer find in a repository once `core.hooksPath` is set.
    static let hiddenHooks = ["pre-receive", "update", "post-receive", "post-update", "sendemail-validate"]

    /// Makes git look into our folder, whose scripts pass on to each repository's own hooks.
    private func open(_ folder: HookFolder, except wanted: [String], _ git: GitProgram) async throws(UserError) {
        for hook in Check.hookNames + Self.hiddenHooks where !wanted.contains(hook) {
            if folder.occupant(of: hook) != nil { continue }
            _ = try folder.install(HookScript(hook: hook, program: program, duty: .passOn))
        }
        try await git.set("core.hooksPath", to: folder.path, in: .global)
    }

    private func close(_ folder: HookFolder, _ git: GitProgram) async throws(UserError) {
        for hook in Self.hiddenHooks { _ = try folder.uninstall(hook) }
        if try await git.answer("config", "--global", "--type=path", "core.hooksPath") == folder.path {
            try await git.remove(key: "core.hooksPath", in: .global)
        }
        rmdir(folder.path)
    }
}
