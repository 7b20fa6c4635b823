package import Diagnostics
internal import GitCore
internal import Glibc
internal import ProcessRunner
internal import ProjectConfig
internal import Workspaces

/// The story of one hook: which trees → which checks → what is known → what may run → run in a snapshot → remember.
package struct HookRun: Sendable {
    let location: RepositoryLocation
    let environment: [String: String]
    let reporter: any Reporter
    let options: HookOptions
    let ask: CommandTrust.Question

    /// - Parameters:
    ///   - environment: the variables that git or the shell gave, `GIT_DIR` among them.
    ///   - folder: where the search for the repository begins.
    ///   - ask: how a person is asked whether a foreign command may run.
    package init(
        environment: [String: String], folder: String, reporter: any Reporter, options: HookOptions = HookOptions(),
        ask: @escaping CommandTrust.Question
    ) {
        location = RepositoryLocation(environment: environment, folder: folder)
        self.environment = environment
        self.reporter = reporter
        self.options = options
        self.ask = ask
    }

    /// Runs the checks that guard a push, on each distinct tree of it.
    ///
    /// Deletions, refs that are no commits and an empty input cost nothing.
    /// - Throws: `UserError` when checks could not be run; checks that failed are in the report.
    package func prePush(remote: String, url: String, input: [UInt8]) async throws(UserError) -> HookReport {
        let refs = try PushedRef.parse(input).filter { !$0.isDeletion }
        if refs.isEmpty { return HookReport() }
        let repository = try open()
        let configuration = try read(repository)
        let target = PushTarget(name: remote, url: url, configuration: configuration)
        let subjects: [TreeUnderTest]
        do { subjects = try TreeUnderTest.trees(of: refs, in: repository) } catch { throw error.hookError }
        let request = try request("pre-push", target: target, repository, configuration)
        return try await run(subjects, request, repository, configuration)
    }

    /// Runs a hook's checks by hand on the commit that a revision names.
    package func run(hook: String, revision: String) async throws(UserError) -> HookReport {
        let repository = try open()
        let configuration = try read(repository)
        let subject: TreeUnderTest
        do {
            let commit = try repository.commit(try repository.resolve(revision))
            subject = TreeUnderTest(tree: commit.tree, commit: commit, branches: nil)
        } catch {
            throw error.hookError
        }
        let request = try request(hook, target: nil, repository, configuration)
        return try await run([subject], request, repository, configuration)
    }

    /// Runs the checks of a hook on what is in the index, such as before a commit.
    package func runOnIndex(hook: String) async throws(UserError) -> HookReport {
        let repository = try open()
        let configuration = try read(repository)
        var subject = TreeUnderTest(
            tree: try await IndexTree(environment: environment, folder: location.folder).write(repository), commit: nil)
        if let head = try? repository.resolve("HEAD"), let base = try? repository.commit(head) {
            subject.bases = [base.tree]
        }
        let request = try request(hook, target: nil, repository, configuration)
        return try await run([subject], request, repository, configuration)
    }

    /// Runs the checks of a hook that speaks of the user's own folder there, with what git gave the hook.
    package func runInFolder(hook: String, arguments: [String]) async throws(UserError) -> HookReport {
        let repository = try open()
        let configuration = try read(repository)
        guard let head = try? repository.resolve("HEAD"), let commit = try? repository.commit(head) else {
            return HookReport()
        }
        let request = try request(hook, target: nil, repository, configuration)
        let subject = TreeUnderTest(tree: commit.tree, commit: commit)
        let plan = try CheckPlan(subject, request, in: repository)
        if plan.groups.isEmpty { return HookReport() }
        try requireTrust(in: plan, repository)
        let results = try await execute(
            plan, request, folder: repository.workTree ?? repository.gitDirectory, arguments: arguments,
            variables: CleanEnvironment.forCommands(from: environment), repository, configuration)
        return report(plan, results, hook: hook)
    }
}

extension HookRun {
    func open() throws(UserError) -> Repository {
        do { return try location.open() } catch { throw error.hookError }
    }

    func read(_ repository: borrowing Repository) throws(UserError) -> Configuration {
        do { return try repository.configuration() } catch { throw error.hookError }
    }

    func request(
        _ hook: String, target: PushTarget?, _ repository: borrowing Repository, _ configuration: Configuration
    ) throws(UserError) -> CheckPlan.Request {
        let wishes = try UserWishes(
            hook: hook, repository: repository, configuration: configuration, environment: environment)
        return CheckPlan.Request(
            hook: hook, location: location, target: target, wishes: wishes, options: options, environment: environment,
            receipts: TestReceiptStore(commonDirectory: repository.commonDirectory))
    }

    private func run(
        _ subjects: [TreeUnderTest], _ request: CheckPlan.Request, _ repository: borrowing Repository,
        _ configuration: Configuration
    ) async throws(UserError) -> HookReport {
        var whole = HookReport()
        for subject in subjects {
            let plan = try CheckPlan(subject, request, in: repository)
            let part = try await run(plan, request, repository, configuration)
            whole.outcomes += part.outcomes
            whole.isInterrupted = part.isInterrupted
            if part.failure != nil { break }
        }
        return whole
    }

    private func run(
        _ plan: CheckPlan, _ request: CheckPlan.Request, _ repository: borrowing Repository,
        _ configuration: Configuration
    ) async throws(UserError) -> HookReport {
        tellBeforehand(plan, request)
        var results: [CheckBatch.Result] = []
        var began = ContinuousClock.now
        if !plan.groups.isEmpty {
            try requireTrust(in: plan, repository)
            began = .now
            results = try await runInSnapshot(plan, request, repository, configuration)
        }
        try remember(plan, results, request)
        let report = report(plan, results, hook: request.hook)
        tellAfterwards(plan, results, report, after: ContinuousClock.now - began)
        return report
    }

    private func requireTrust(in plan: CheckPlan, _ repository: borrowing Repository) throws(UserError) {
        let isTrusted = ["1", "true", "yes"].contains(environment["BIM_TRUST"]?.lowercased())
        let trust = CommandTrust(commonDirectory: repository.commonDirectory)
        var commands = plan.groups.joined().filter { $0.isOthersWord }.map(\.check.commandLine)
        if plan.subject.commit == nil {
            let own = OwnCommands.staged(commands, in: repository)
            try trust.add(own)
            commands.removeAll { own.contains($0) }
        }
        try trust.require(commands, isTrusted: isTrusted, repository: repository, ask: ask)
    }

    private func runInSnapshot(
        _ plan: CheckPlan, _ request: CheckPlan.Request, _ repository: borrowing Repository,
        _ configuration: Configuration
    ) async throws(UserError) -> [CheckBatch.Result] {
        let slot = try await SnapshotSlot.acquire(commonDirectory: repository.commonDirectory) {
            reporter.report(.notice("waiting for other checks of this repository to end"))
        }
        // What a run that was killed left at work here.
        await Leftovers(folder: slot.folder).end()
        let caches = CacheFolders(plan.checks.flatMap(\.check.caches))
        do {
            try slot.prepare(plan.subject.tree, caches: caches, in: repository)
        } catch let error as GitError {
            throw error.hookError
        } catch let error as UserError {
            throw error
        } catch {
            throw UserError(.internal, "the snapshot cannot be made", hint: "push again", cause: error)
        }
        var variables = CleanEnvironment.forCommands(from: environment)
        // The folder lies inside the repository: git must not find that from here.
        let snapshots = repository.commonDirectory + "/bim/snapshots"
        variables["GIT_CEILING_DIRECTORIES"] =
            [snapshots, variables["GIT_CEILING_DIRECTORIES"]].compactMap { $0 }.joined(separator: ":")
        variables[Leftovers.folderVariable] = slot.folder
        variables["BIM_TREE"] = plan.subject.tree.hex
        variables["BIM_COMMIT"] = plan.subject.commit?.id.hex
        return try await execute(
            plan, request, folder: slot.folder, arguments: [], variables: variables, repository, configuration)
    }

    private func execute(
        _ plan: CheckPlan, _ request: CheckPlan.Request, folder: String, arguments: [String],
        variables: [String: String], _ repository: borrowing Repository, _ configuration: Configuration
    ) async throws(UserError) -> [CheckBatch.Result] {
        let logs = repository.commonDirectory + "/bim/logs/\(request.hook)"
        try Folders.make(logs, below: repository.commonDirectory)
        let configured: Int?
        do { configured = try configuration.int("bim.jobs") } catch { throw error.hookError }
        let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let batch = CheckBatch(
            hook: request.hook, arguments: arguments, folder: folder, logFolder: logs,
            environment: variables.merging(["BIM_HOOK": request.hook]) { $1 }, reporter: reporter,
            jobs: max(1, options.jobs ?? configured ?? processors))
        return try await batch.run(plan.groups)
    }

    /// Remembers what passed and what was left out; what failed is not remembered.
    private func remember(
        _ plan: CheckPlan, _ results: [CheckBatch.Result], _ request: CheckPlan.Request
    ) throws(UserError) {
        let now = Int64(time(nil))
        let passed = results.filter { $0.ending == .passed }.map {
            $0.planned.record(.passed, hook: request.hook, duration: $0.duration, at: now)
        }
        let others = plan.checks.compactMap { planned -> TestReceipt.Record? in
            switch planned.fate {
            case .skipped(let reason):
                planned.record(.skipped, hook: request.hook, duration: .zero, at: now, reason: reason)
            case .unaffected(let pass?): pass
            case .unaffected: planned.record(.unaffected, hook: request.hook, duration: .zero, at: now)
            case .run, .remembered: nil
            }
        }
        do {
            try request.receipts.add(passed + others, tree: plan.subject.tree.hex)
        } catch {
            throw UserError(
                .configInvalid, "cannot write '\(error.path)': \(error.detail)", hint: "ls -ld '\(error.path)'")
        }
    }
}
