package import Diagnostics
internal import GitCore
internal import Glibc
internal import ProcessRunner
internal import ProjectConfig

/// One call of a hook by git: which hook, from which script, with what.
package struct HookCall: Sendable {
    /// The hook's name, such as `pre-push`.
    package let hook: String
    /// The script that git started; nil when git's configuration names the hook.
    let script: String?
    /// Whether the hook stands for every repository of the user.
    let isEverywhere: Bool
    let arguments: [String]

    /// How a call ended.
    package enum Outcome: Sendable {
        case checked(HookReport)
        /// The hook that was there before bim's has the last word: its exit status.
        case ended(status: Int32)
    }

    /// - Parameter place: the hook's name, or the path of its script.
    package init(place: String, isEverywhere: Bool, arguments: [String]) {
        let isScript = place.contains("/")
        hook = place.split(separator: "/").last.map(String.init) ?? place
        script = isScript ? place : nil
        self.isEverywhere = isEverywhere
        self.arguments = arguments
    }

    /// Whether git writes something to the hook's standard input (githooks(5)).
    package var hasInput: Bool { ["pre-push", "post-rewrite"].contains(hook) }

    /// Runs what was there before, then the checks; the first failure ends it.
    ///
    /// - Throws: `UserError` when something could not be run; checks that failed are in the report.
    package func answer(with run: HookRun, input: [UInt8]) async throws(UserError) -> Outcome {
        if let script {
            let kept = EarlierHook(file: script + HookScript.keptSuffix, place: script)
            let status = try await status(of: kept, run, input)
            if status != 0 { return .ended(status: status) }
            if isEverywhere, let own = try ownHook(run) {
                let status = try await self.status(of: own, run, input)
                // A script of ours in the repository does all the rest itself.
                if status != 0 || own.isOurs { return .ended(status: status) }
            }
        }
        return .checked(try await checks(with: run, input))
    }

    private func status(of earlier: EarlierHook, _ run: HookRun, _ input: [UInt8]) async throws(UserError) -> Int32 {
        try await earlier.run(arguments: arguments, input: input, environment: run.environment)
    }

    /// The hook of the repository itself, which `core.hooksPath` hides from git.
    private func ownHook(_ run: HookRun) throws(UserError) -> EarlierHook? {
        guard let script, let common = try? run.location.open().commonDirectory else { return nil }
        let own = "\(common)/hooks/\(hook)"
        var left = stat()
        var right = stat()
        if stat(own, &left) != 0 { return nil }
        let isSame = stat(script, &right) == 0 && left.st_ino == right.st_ino && left.st_dev == right.st_dev
        return isSame ? nil : EarlierHook(file: own, place: own)
    }

    private func checks(with run: HookRun, _ input: [UInt8]) async throws(UserError) -> HookReport {
        if isEverywhere && run.isBeyondReach {
            run.reporter.report(.notice("no checks: bim-hooks cannot read this repository's format"))
            return HookReport()
        }
        switch hook {
        case "pre-push":
            guard arguments.count == 2 else {
                throw UserError(
                    .configInvalid, "the pre-push hook was called without a remote's name and URL",
                    hint: "bim-hooks run pre-push")
            }
            return try await run.prePush(remote: arguments[0], url: arguments[1], input: input)
        case "pre-commit", "pre-merge-commit": return try await run.runOnIndex(hook: hook)
        default: return try await run.runInFolder(hook: hook, arguments: arguments)
        }
    }
}

extension HookRun {
    /// Whether the repository has a format that this program cannot read at all.
    fileprivate var isBeyondReach: Bool {
        do {
            _ = try location.open()
            return false
        } catch {
            return [.unsupportedObjectFormat, .unsupportedExtension].contains(error.kind)
        }
    }
}
