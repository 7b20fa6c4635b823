internal import Diagnostics
internal import GitCore
internal import ProcessRunner
internal import ProjectConfig

/// What this user, on this machine, wants otherwise than the project says.
struct UserWishes: Sendable {
    /// From `bim.local.yml`.
    private(set) var local = LocalChecks()
    /// `bim.<hook>`: checks to add, each as `name: command`.
    private let configured: [String]
    /// `bim.skip`: names of checks.
    private let configuredSkips: [String]
    /// `BIM_SKIP`: names, or `all`.
    private let skips: [String]
    private let skipReason: String

    /// - Throws: `CONFIG_INVALID` for a broken `bim.local.yml`.
    init(
        hook: String, repository: borrowing Repository, configuration: borrowing Configuration,
        environment: [String: String]
    ) throws(UserError) {
        configured = configuration.strings("bim.\(hook)")
        configuredSkips = configuration.strings("bim.skip")
        skips = (environment["BIM_SKIP"] ?? "").split { $0 == "," || $0 == " " }.map(String.init)
        let reason = environment["BIM_SKIP_REASON"] ?? ""
        skipReason = reason.isEmpty ? "BIM_SKIP, no reason given" : reason
        local = try Self.localChecks(of: repository)
    }

    /// Reads `bim.local.yml`; a committed one would be the project's word, not the user's.
    static func localChecks(of repository: borrowing Repository) throws(UserError) -> LocalChecks {
        guard let workTree = repository.workTree, let bytes = ProcFile.read("\(workTree)/\(LocalChecks.fileName)"),
            let text = String(validating: bytes, as: UTF8.self)
        else { return LocalChecks() }
        if let head = try? repository.resolve("HEAD"), let tree = try? repository.commit(head).tree,
            (try? repository.blob(at: LocalChecks.fileName, inTree: tree)) != nil
        {
            throw UserError(
                .configInvalid, "'\(LocalChecks.fileName)' is committed, so it is no longer one user's own",
                hint: "git rm --cached \(LocalChecks.fileName), and name it in .gitignore")
        }
        do {
            return try LocalChecks.parse(text)
        } catch {
            throw UserError(.configInvalid, error.message, hint: "edit \(LocalChecks.fileName)")
        }
    }

    /// The project's checks with the user's own put in.
    func checks(
        of hook: String, project: [Check], origin: PlannedCheck.Origin
    ) throws(UserError) -> [(Check, PlannedCheck.Origin)] {
        var mine = local
        for text in configured {
            let parts = text.split(separator: ":", maxSplits: 1).map { $0.trimmed }
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw UserError(
                    .configInvalid, "the git setting 'bim.\(hook)' is no check: '\(text)'",
                    hint: "git config bim.\(hook) 'lint: make lint'")
            }
            mine.checks[hook, default: []].append(Check(name: parts[0], run: parts[1]))
        }
        let names = Set((mine.checks[hook] ?? []).map(\.name))
        return mine.applied(to: project, of: hook).map { ($0, names.contains($0.name) ? .user : origin) }
    }

    /// Why the user does not want a check to run; nil when nothing is said.
    func skipReason(of check: Check, hook: String) -> String? {
        if skips.contains("all") || skips.contains(check.name) { return skipReason }
        if configuredSkips.contains(check.name) { return "git config bim.skip" }
        return (local.off[hook] ?? []).contains(check.name) ? "switched off in \(LocalChecks.fileName)" : nil
    }

    /// The names in `BIM_SKIP` that no check has.
    func unknownSkips(among checks: [Check]) -> [String] {
        skips.filter { name in name != "all" && !checks.contains { $0.name == name } }
    }
}

extension Substring {
    /// Without white space at both ends.
    fileprivate var trimmed: String {
        var rest = self.drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
