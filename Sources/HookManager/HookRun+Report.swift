internal import Diagnostics
internal import GitCore
internal import Glibc
internal import ProjectConfig
internal import Workspaces

extension HookRun {
    /// Says what is known before anything runs.
    func tellBeforehand(_ plan: CheckPlan, _ request: CheckPlan.Request) {
        for notice in plan.notices { reporter.report(.notice(notice)) }
        for planned in plan.checks {
            if case .skipped(let reason) = planned.fate {
                reporter.report(.notice("'\(planned.check.name)' is skipped: \(reason)"))
            }
        }
        let isWanted = request.target?.isBim ?? true
        if plan.checks.isEmpty && isWanted && request.hook == "pre-push" {
            reporter.report(.notice("no tests found; name them in bim.yml under hooks, pre-push"))
        }
    }

    /// Says in one line how it went; failures have had their lines.
    func tellAfterwards(
        _ plan: CheckPlan, _ results: [CheckBatch.Result], _ report: HookReport, after duration: Duration
    ) {
        if report.failure != nil { return }
        var parts: [String] = []
        let passed = results.count
        if passed > 0 { parts.append("\(passed) \(passed == 1 ? "check" : "checks") passed") }
        let records = plan.checks.compactMap { planned -> TestReceipt.Record? in
            if case .remembered(let record) = planned.fate { record } else { nil }
        }
        if let oldest = records.map(\.finishedAt).min() {
            let ago = Ago.text(seconds: Int64(time(nil)) - oldest)
            parts.append(passed > 0 ? "\(records.count) passed \(ago)" : "passed on this tree \(ago)")
        }
        let unaffected = plan.checks.count { if case .unaffected = $0.fate { true } else { false } }
        if unaffected > 0 { parts.append("\(unaffected) not affected") }
        if parts.isEmpty { return }
        reporter.report(.finished(.test, parts.joined(separator: ", "), results.isEmpty ? nil : duration))
    }

    /// What became of every check of the plan, in its order.
    func report(_ plan: CheckPlan, _ results: [CheckBatch.Result], hook: String) -> HookReport {
        var report = HookReport()
        report.isInterrupted = results.contains { $0.ending == .interrupted }
        let byName = Dictionary(results.map { ($0.planned.check.name, $0) }, uniquingKeysWith: { first, _ in first })
        report.outcomes = plan.checks.map { planned in
            let result = byName[planned.check.name]
            let (status, reason) = Self.status(planned, result)
            let hasFailed = status == .failed || status == .timedOut
            return CheckOutcome(
                hook: hook, name: planned.check.name, command: planned.check.commandLine, tree: plan.subject.tree.hex,
                commit: plan.subject.commit?.id.hex, status: status, duration: result?.duration.seconds ?? 0,
                reason: reason, log: result?.log.path, lastLines: hasFailed ? result?.log.lastLines ?? [] : [])
        }
        return report
    }

    private static func status(
        _ planned: PlannedCheck, _ result: CheckBatch.Result?
    ) -> (CheckOutcome.Status, reason: String?) {
        switch planned.fate {
        case .remembered: return (.remembered, nil)
        case .skipped(let reason): return (.skipped, reason)
        case .unaffected: return (.unaffected, "no file that it names has changed")
        case .run:
            switch result?.ending {
            case .passed?: return (.passed, nil)
            case .failed(let reason)?: return (.failed, reason)
            case .timedOut(let reason)?: return (.timedOut, reason)
            case .interrupted?: return (.notRun, "it was interrupted")
            case nil: return (.notRun, "a check before it failed")
            }
        }
    }
}

/// A time in the past, as people say it.
enum Ago {
    static func text(seconds: Int64) -> String {
        switch seconds {
        case ..<60: "less than a minute ago"
        case ..<3600: count(seconds / 60, "minute")
        case ..<86_400: count(seconds / 3600, "hour")
        default: count(seconds / 86_400, "day")
        }
    }

    private static func count(_ number: Int64, _ unit: String) -> String {
        number == 1 ? "1 \(unit) ago" : "\(number) \(unit)s ago"
    }
}
