internal import Diagnostics
internal import GitCore
internal import Glibc
internal import ProjectConfig

/// What git says about one repository's hooks.
struct RepositoryFacts: Sendable {
    let git: GitProgram
    let version: GitProgram.Version
    /// Where git looks.
    let folder: HookFolder
    /// Where it would look if nothing was set.
    let usualFolder: HookFolder
    /// The value of `core.hooksPath` and the scope and file that sets it; nil when nothing does.
    private let hooksPath: String?
    private let isOurs: Bool

    var runsConfiguredHooks: Bool { version >= .withConfiguredHooks }

    init(location: RepositoryLocation, environment: [String: String]) async throws(UserError) {
        let top: String
        let common: String
        do {
            let repository = try location.open()
            top = repository.workTree ?? repository.gitDirectory
            common = repository.commonDirectory
        } catch {
            throw error.hookError
        }
        git = GitProgram(environment: environment, folder: top)
        version = try await git.version()
        usualFolder = HookFolder(path: "\(common)/hooks")
        let path = try await git.answer("rev-parse", "--path-format=absolute", "--git-path", "hooks")
        folder = HookFolder(path: path ?? "\(common)/hooks")
        hooksPath = try await git.answer("config", "--show-scope", "--show-origin", "--get", "core.hooksPath")
        isOurs = folder.path == HookInstaller.userFolder(environment)
    }

    /// Says where git looks for scripts, and why there.
    var folderFinding: Finding {
        guard let hooksPath else { return .fine("hooks folder: '\(folder.path)', shared by all worktrees") }
        let origin = hooksPath.split(separator: "\t").dropLast().joined(separator: " ")
        let text = "hooks folder: '\(folder.path)', by core.hooksPath (\(origin))"
        var status = stat()
        if stat(folder.path, &status) != 0 {
            return .problem(
                "\(text), which is not there", hint: "git config --unset core.hooksPath, or make the folder")
        }
        return .note(text)
    }

    /// Scripts in the usual folder that `core.hooksPath` keeps git from finding.
    var hiddenHooks: [Finding] {
        guard folder.path != usualFolder.path else { return [] }
        let served = isOurs ? Check.hookNames + HookInstaller.hiddenHooks : []
        let known =
            Check.hookNames + HookInstaller.hiddenHooks
            + ["reference-transaction", "push-to-checkout", "proc-receive", "post-index-change"]
        return known.filter { !served.contains($0) }.compactMap { hook in
            guard let occupant = usualFolder.occupant(of: hook), occupant.isExecutable else { return nil }
            let owner = HookOwner.of(occupant.text).map { " (\($0)'s)" } ?? ""
            return .problem(
                "\(hook): '\(usualFolder.file(of: hook))'\(owner) does not run, because core.hooksPath names another folder",
                hint: "git config --unset core.hooksPath, or move the script to '\(folder.path)'")
        }
    }

    /// The hooks in git's configuration.
    func configuredHooks() async throws(UserError) -> [ConfiguredEntry] {
        let answer = try await git.answer("config", "--show-scope", "--null", "--get-regexp", #"^hook\."#)
        return ConfiguredEntry.parse(answer ?? "")
    }
}

/// One `hook.<name>` of git's configuration for one event.
struct ConfiguredEntry: Sendable, Equatable {
    let name: String
    let event: String
    let command: String?
    let scope: String
    let isEnabled: Bool

    var isOurs: Bool { command.map { HookCommand.authorship(of: $0) != .foreign } ?? false }

    /// What it means for the event.
    func finding(_ facts: RepositoryFacts) -> Finding {
        let owner = isOurs ? "bim-hooks" : command.flatMap(HookOwner.of) ?? "a command of your own"
        let text = "\(event): \(owner), by hook.\(name) of git's \(scope) configuration"
        if !facts.runsConfiguredHooks {
            return .problem(
                "\(text), which git \(facts.version) does not run",
                hint:
                    "bim-hooks install --script \(event), or use git \(GitProgram.Version.withConfiguredHooks) or newer"
            )
        }
        if !isEnabled {
            return .problem(
                "\(text), switched off", hint: "git config --unset hook.\(name).enabled, or hook.\(event).enabled")
        }
        if isOurs, let command, HookCommand.authorship(of: command) == .edited {
            return .problem(
                "\(text), edited since", hint: "git config --remove-section hook.\(name), then bim-hooks install")
        }
        return isOurs ? .fine(text) : .note(text)
    }

    /// Reads what `git config --show-scope --null --get-regexp` prints: scope, key, value.
    static func parse(_ text: String) -> [ConfiguredEntry] {
        var commands: [String: String] = [:]
        var events: [(name: String, event: String, scope: String)] = []
        var off: Set<String> = []
        let parts = text.split(separator: "\0", omittingEmptySubsequences: false)
        for (scope, entry) in zip(
            parts.enumerated().filter { $0.offset % 2 == 0 }.map(\.element),
            parts.enumerated().filter { $0.offset % 2 == 1 }.map(\.element))
        {
            let pair = entry.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let words = pair[0].split(separator: ".", omittingEmptySubsequences: false)
            guard words.count >= 3, let variable = words.last else { continue }
            let name = words.dropFirst().dropLast().joined(separator: ".")
            let value = pair.count > 1 ? pair[1] : "true"
            switch variable {
            case "command": commands[name] = value
            case "event" where value.isEmpty: events.removeAll { $0.name == name }
            case "event":
                events.removeAll { $0.name == name && $0.event == value }
                events.append((name, value, String(scope)))
            case "enabled" where ["false", "no", "off", "0"].contains(value.lowercased()): off.insert(name)
            case "enabled": off.remove(name)
            default: break
            }
        }
        return events.map { name, event, scope in
            ConfiguredEntry(
                name: name, event: event, command: commands[name], scope: scope,
                isEnabled: !off.contains(name) && !off.contains(event))
        }
    }
}
