internal import Diagnostics

/// Hooks as entries of git's configuration (git-hook(1), git 2.54 and newer).
struct ConfiguredHooks: Sendable {
    let git: GitProgram
    let scope: GitProgram.Scope

    /// - Throws: `CONFIG_INVALID` where an entry of ours was edited.
    func install(_ command: HookCommand) async throws(UserError) -> HookChange {
        let section = section(of: command.hook)
        let present = try await own("\(section).command")
        let event = try await own("\(section).event")
        let kind: HookChange.Kind
        switch present.map(HookCommand.authorship) {
        case .edited?, .foreign?: throw edited(section)
        case nil: kind = .installed(keptEarlier: false)
        case .intact?: kind = present == command.text && event == command.hook ? .upToDate : .updated
        }
        if kind != .upToDate {
            try await git.set("\(section).command", to: command.text, in: scope)
            try await git.set("\(section).event", to: command.hook, in: scope)
        }
        return HookChange(hook: command.hook, place: place(of: section), kind: kind)
    }

    /// Removes the entry of a hook; nil when there is none.
    ///
    /// - Throws: `CONFIG_INVALID` where it was edited.
    func uninstall(_ hook: String) async throws(UserError) -> HookChange? {
        let section = section(of: hook)
        guard let present = try await own("\(section).command") else { return nil }
        guard HookCommand.authorship(of: present) == .intact else { throw edited(section) }
        try await git.remove(section: section, in: scope)
        return HookChange(hook: hook, place: place(of: section), kind: .removed(restoredEarlier: false))
    }

    /// The value in the scope's own file alone.
    private func own(_ key: String) async throws(UserError) -> String? {
        try await git.answer("config", "--\(scope.rawValue)", "--get", key)
    }

    private func section(of hook: String) -> String { "hook.\(HookCommand.name(of: hook))" }

    private func place(of section: String) -> String {
        "the git configuration of \(scope == .local ? "this repository" : "this user") (\(section))"
    }

    private func edited(_ section: String) -> UserError {
        UserError(
            .configInvalid, "the git configuration '\(section)' was made by bim-hooks and edited since",
            hint: "git config --\(scope.rawValue) --remove-section \(section), and run this again")
    }
}
