internal import ProjectConfig

/// One check with what becomes of it.
struct PlannedCheck: Sendable {
    /// Who says that the check exists.
    enum Origin: Sendable, Equatable {
        /// The commit's `bim.yml`.
        case project
        /// The user's own `bim.local.yml` or git configuration.
        case user
        /// Nobody; the file is the evidence.
        case detected(String)
    }

    enum Fate: Sendable, Equatable {
        case run
        /// It passed before on the same tree.
        case remembered(TestReceipt.Record)
        case skipped(reason: String)
        /// No file that it looks at has changed since trees on which it passed, the last of them so; nil when nothing is
        /// known of them.
        case unaffected(since: TestReceipt.Record?)
    }

    let check: Check
    let origin: Origin

    /// Whether the command's text comes from the commit, so that somebody else may have written it.
    var isOthersWord: Bool {
        switch origin {
        case .project: true
        case .user: false
        case .detected: !TestCommand.isCommon(check.run)
        }
    }

    /// The programs that its command names, with what tells their versions apart.
    let tools: [String: String]
    var fate: Fate

    /// A record of the check for a receipt.
    func record(
        _ status: TestReceipt.Record.Status, hook: String, duration: Duration, at time: Int64, reason: String? = nil
    ) -> TestReceipt.Record {
        TestReceipt.Record(
            hook: hook, name: check.name, command: check.commandLine, tools: tools, status: status,
            duration: duration.seconds, finishedAt: time, reason: reason)
    }
}

extension Duration {
    /// The same in seconds, to the millisecond.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds * 1000 + attoseconds / 1_000_000_000_000_000) / 1000
    }
}
