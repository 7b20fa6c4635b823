internal import Deployers
internal import Diagnostics
internal import GitCore
internal import ProjectConfig

/// Which command deploys: the user's own from git's configuration, else that of the pushed commit's `bim.yml`, once its
/// user has agreed to run it here.
struct DeployCommandChoice {
    let settings: RemoteSettings
    let name: String

    /// - Throws: `CONFIG_INVALID` where there is none, or one with placeholders that are not known, `FORBIDDEN` for one that nobody has agreed to.
    func command(for commit: String) throws(UserError) -> DeployCommand {
        let command = try chosen(commit)
        for case .words(let words) in [command.command, command.removal] { try CommandTemplate.check(words) }
        return command
    }

    private func chosen(_ commit: String) throws(UserError) -> DeployCommand {
        if let own = try own() { return own }
        guard let command = try projects(commit) else {
            throw UserError(
                .configInvalid, "nothing says which command '\(name)' is",
                hint: "git config remote.\(settings.remote).bimDeployCommand '<program> {artifact} {environment}'")
        }
        let trusted = try trusted
        let unknown = command.commandLines.filter { !trusted.contains($0) }
        guard unknown.isEmpty else {
            throw UserError(
                .forbidden,
                "bim.yml asks to run \(unknown.map { "'\($0)'" }.joined(separator: " and ")), which nobody has agreed to here",
                hint: "read it, then: bim-hooks trust \(commit.prefix(12))")
        }
        return command
    }

    private func own() throws(UserError) -> DeployCommand? {
        guard let text = try value("deployCommand") else { return nil }
        let isShell = try flag("deployShell")
        var command = DeployCommand(command: try form(text.value, isShell, text.key))
        if let removal = try value("removeCommand") { command.removal = try form(removal.value, isShell, removal.key) }
        if let time = try value("deployTimeout") {
            guard let seconds = Int(time.value), (1...86400).contains(seconds) else {
                throw invalid(time, "a number of seconds from 1 to 86400")
            }
            command.timeoutSeconds = seconds
        }
        if let field = try value("deployUrl") { command.urlField = field.value }
        if let statuses = try value("deployStatuses") {
            for word in statuses.value.split(separator: " ") {
                let parts = word.split(separator: "=")
                guard parts.count == 2, let status = Int(parts[0]), ErrorCode(rawValue: String(parts[1])) != nil else {
                    throw invalid(statuses, "a list such as '3=FORBIDDEN 75=PLATFORM_UNAVAILABLE'")
                }
                command.statuses[status] = String(parts[1])
            }
        }
        return command
    }

    private func form(_ text: String, _ isShell: Bool, _ key: String) throws(UserError) -> DeployCommand.Form {
        guard let form = DeployCommand.form(text, shell: isShell) else {
            throw invalid((key, text), "a command whose quotes are closed")
        }
        return form
    }

    private func invalid(_ found: (key: String, value: String), _ form: String) -> UserError {
        UserError(
            .configInvalid, "'\(found.key)' is '\(found.value)', which is not \(form)",
            hint: "git config \(found.key) …")
    }

    private func value(_ key: String) throws(UserError) -> (key: String, value: String)? {
        do { return try settings.value(key) } catch { throw error.userError }
    }

    private func flag(_ key: String) throws(UserError) -> Bool {
        guard let found = try value(key) else { return false }
        do { return try settings.location.open().configuration().bool(found.key) ?? false } catch {
            throw error.userError
        }
    }

    private func projects(_ commit: String) throws(UserError) -> DeployCommand? {
        let text: String?
        do {
            let repository = try settings.location.open()
            let tree = try repository.commit(try repository.resolve(commit)).tree
            text = try repository.blob(at: "bim.yml", inTree: tree).map { String(decoding: $0, as: UTF8.self) }
        } catch {
            throw error.userError
        }
        do { return try text.map { try ProjectConfig.parse($0) }?.deploy } catch {
            throw UserError(.configInvalid, "\(error)", hint: "mend bim.yml, commit and push again")
        }
    }

    private var trusted: Set<String> {
        get throws(UserError) {
            do { return TrustedCommands(commonDirectory: try settings.location.open().commonDirectory).all } catch {
                throw error.userError
            }
        }
    }
}
