internal import Diagnostics
internal import GitCore
internal import ProjectConfig
internal import Workspaces

/// The checks of one hook for one tree: which there are, and what becomes of each.
struct CheckPlan: Sendable {
    let subject: TreeUnderTest
    private(set) var checks: [PlannedCheck]
    /// What a user should know before anything runs.
    private(set) var notices: [String] = []

    /// What decides over a plan beside the tree itself.
    struct Request: Sendable {
        let hook: String
        let location: RepositoryLocation
        /// Where the push goes; nil when nobody pushes.
        let target: PushTarget?
        let wishes: UserWishes
        let options: HookOptions
        let environment: [String: String]
        let receipts: TestReceiptStore
    }

    /// Reads the configuration of the tree itself.
    ///
    /// - Throws: `CONFIG_INVALID` for a broken `bim.yml`, or when `--only` names no check.
    init(_ subject: TreeUnderTest, _ request: Request, in repository: borrowing Repository) throws(UserError) {
        self.subject = subject
        let (project, origin) = try Self.projectChecks(subject, request, repository)
        let all = try request.wishes.checks(of: request.hook, project: project, origin: origin)
        let wanted = try Self.only(request.options.only, of: all.map(\.0), hook: request.hook)
        let path = request.environment["PATH"]
        checks = all.filter { wanted.contains($0.0.name) && Self.guards($0.0, subject, request) }.map { check, origin in
            let tools = ToolVersions.of(command: check.run, path: check.environment["PATH"] ?? path)
            return PlannedCheck(check: check, origin: origin, tools: tools, fate: .run)
        }
        try decide(request, repository)
        let unknown = request.wishes.unknownSkips(among: all.map(\.0))
        if !unknown.isEmpty { notices.append("BIM_SKIP names no check: \(unknown.joined(separator: ", "))") }
        for case .detected(let evidence) in checks.map(\.origin) {
            notices.append("tests found by \(evidence): \(checks[0].check.run)")
        }
    }

    /// The checks that have to run, group by group in the order of the configuration.
    var groups: [[PlannedCheck]] {
        var groups: [(name: String?, checks: [PlannedCheck])] = []
        for check in checks where check.fate == .run {
            if let name = check.check.group, let index = groups.firstIndex(where: { $0.name == name }) {
                groups[index].checks.append(check)
            } else {
                groups.append((check.check.group, [check]))
            }
        }
        return groups.map(\.checks)
    }

    private static func projectChecks(
        _ subject: TreeUnderTest, _ request: Request, _ repository: borrowing Repository
    ) throws(UserError) -> ([Check], PlannedCheck.Origin) {
        let config = try repository.projectConfig(ofTree: subject.tree)
        if let checks = config.hooks[request.hook] { return (checks, .project) }
        guard request.hook == "pre-push", request.target?.isBim ?? true else { return ([], .project) }
        do {
            let files = try TreeFiles(request.location, tree: subject.tree)
            if let found = TestCommand.detect(in: files) { return ([found.check], .detected(found.evidence)) }
        } catch {
            throw error.hookError
        }
        return ([], .project)
    }

    private static func only(_ names: [String], of checks: [Check], hook: String) throws(UserError) -> Set<String> {
        let known = checks.map(\.name)
        if let unknown = names.first(where: { !known.contains($0) }) {
            let list = known.isEmpty ? "it has none" : "it has \(known.map { "'\($0)'" }.joined(separator: ", "))"
            throw UserError(
                .configInvalid, "the hook '\(hook)' has no check '\(unknown)'; \(list)", hint: "bim-hooks list")
        }
        return Set(names.isEmpty ? known : names)
    }

    private static func guards(_ check: Check, _ subject: TreeUnderTest, _ request: Request) -> Bool {
        if request.options.all { return true }
        if let target = request.target, !target.isGuarded(by: check) { return false }
        guard !check.branches.isEmpty, let branches = subject.branches else { return true }
        return branches.contains { branch in check.branches.contains { $0.matches(branch) } }
    }

    private mutating func decide(_ request: Request, _ repository: borrowing Repository) throws(UserError) {
        let receipt = request.options.fresh ? nil : request.receipts.load(tree: subject.tree.hex)
        for index in checks.indices {
            let planned = checks[index]
            let wanted = planned.record(.passed, hook: request.hook, duration: .zero, at: 0)
            if let pass = receipt?.checks.last(where: { $0.isAbout(wanted) && $0.status == .passed }) {
                checks[index].fate = .remembered(pass)
            } else if let reason = request.wishes.skipReason(of: planned.check, hook: request.hook) {
                checks[index].fate = .skipped(reason: reason)
            } else if !request.options.all, try !isAffected(planned.check, repository) {
                let pass = passOfBases(wanted, request)
                // What is deployed is tested, be it that somebody else pushed without.
                if pass != nil || request.target?.isBim != true { checks[index].fate = .unaffected(since: pass) }
            }
        }
    }

    /// The oldest of the passes of a check on all trees that the subject takes the place of; nil when one lacks it.
    private func passOfBases(_ wanted: TestReceipt.Record, _ request: Request) -> TestReceipt.Record? {
        if request.options.fresh { return nil }
        let passes = subject.bases.map { base in
            request.receipts.load(tree: base.hex)?.checks.last { $0.isAbout(wanted) && $0.status == .passed }
        }
        return passes.contains { $0 == nil } ? nil : passes.compactMap { $0 }.min { $0.finishedAt < $1.finishedAt }
    }

    private func isAffected(_ check: Check, _ repository: borrowing Repository) throws(UserError) -> Bool {
        if check.files.isEmpty { return true }
        do {
            let bases: [ObjectID?] = subject.bases.isEmpty ? [nil] : subject.bases
            for base in bases {
                let isAffected = try repository.differs(from: base, to: subject.tree) { path in
                    check.files.contains { $0.matches(path) }
                }
                if isAffected { return true }
            }
            return false
        } catch {
            throw error.hookError
        }
    }
}

extension Repository {
    /// The configuration that a tree brings along; the default when it has none.
    func projectConfig(ofTree tree: ObjectID) throws(UserError) -> ProjectConfig {
        let bytes: [UInt8]?
        do { bytes = try blob(at: "bim.yml", inTree: tree) } catch { throw error.hookError }
        guard let bytes else { return .default }
        return try ProjectConfig.checked(bytes)
    }
}
