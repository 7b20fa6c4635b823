package import Diagnostics
package import GitCore
internal import ProcessRunner
internal import ProjectConfig

/// One check as a person asks for it: what it is, who wants it, and what a run would do.
package struct ListedCheck: Sendable, Encodable, Equatable {
    package let hook: String
    package let name: String
    package let command: String
    /// Who names it: `bim.yml`, the user, or the file from which it was guessed.
    package let origin: String
    /// `runs`, `remembered`, `skipped` or `unaffected`.
    package let state: String
    package let reason: String?
    package let group: String?
    /// In seconds.
    package let timeout: Int

    init(_ planned: PlannedCheck, hook: String) {
        self.hook = hook
        name = planned.check.name
        command = planned.check.commandLine
        group = planned.check.group
        timeout = planned.check.timeoutSeconds
        origin =
            switch planned.origin {
            case .project: "bim.yml"
            case .user: "this user"
            case .detected(let evidence): "found by \(evidence)"
            }
        (state, reason) =
            switch planned.fate {
            case .run: ("runs", nil)
            case .remembered: ("remembered", nil)
            case .skipped(let reason): ("skipped", reason)
            case .unaffected: ("unaffected", nil)
            }
    }
}

extension HookRun {
    /// What the hooks of a commit would do, in the order of `Check.hookNames`.
    ///
    /// - Throws: `CONFIG_INVALID` for a broken `bim.yml` or a revision that names no commit.
    package func checks(of revision: String) throws(UserError) -> [ListedCheck] {
        let repository = try open()
        let configuration = try read(repository)
        let commit: Commit
        do {
            commit = try repository.commit(try repository.resolve(revision))
        } catch {
            throw error.hookError
        }
        var listed: [ListedCheck] = []
        for hook in Check.hookNames {
            let request = try request(hook, target: nil, repository, configuration)
            let plan = try CheckPlan(TreeUnderTest(tree: commit.tree, commit: commit), request, in: repository)
            listed += plan.checks.map { ListedCheck($0, hook: hook) }
        }
        return listed
    }
}

/// Reads the files that name checks and says whether they are right.
package struct ConfigurationCheck: Sendable {
    let location: RepositoryLocation

    package init(location: RepositoryLocation) {
        self.location = location
    }

    /// The files of the user's folder, or `bim.yml` of a commit; one line for each.
    ///
    /// - Throws: `CONFIG_INVALID` for the first mistake, with its line.
    package func run(revision: String?) throws(UserError) -> [String] {
        let repository = try open()
        if let revision {
            let tree: ObjectID
            do { tree = try repository.commit(try repository.resolve(revision)).tree } catch { throw error.hookError }
            return ["bim.yml of \(revision): \(Self.sum(try repository.projectConfig(ofTree: tree).hooks))"]
        }
        guard let workTree = repository.workTree else { return try run(revision: "HEAD") }
        var lines: [String] = []
        if let bytes = ProcFile.read("\(workTree)/bim.yml") {
            lines.append("bim.yml: \(Self.sum(try ProjectConfig.checked(bytes).hooks))")
        } else {
            lines.append("bim.yml: there is none")
        }
        let local = try UserWishes.localChecks(of: repository)
        if local != LocalChecks() { lines.append("\(LocalChecks.fileName): \(Self.sum(local.checks))") }
        return lines
    }

    private func open() throws(UserError) -> Repository {
        do { return try location.open() } catch { throw error.hookError }
    }

    private static func sum(_ hooks: [String: [Check]]) -> String {
        if hooks.isEmpty { return "right, and names no checks" }
        let parts = Check.hookNames.compactMap { hook in
            hooks[hook].map { "\(hook) \($0.map(\.name).joined(separator: ", "))" }
        }
        return "right: \(parts.joined(separator: "; "))"
    }
}
