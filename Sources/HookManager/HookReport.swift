package import Diagnostics
internal import FoundationEssentials

/// What became of one check on one tree.
package struct CheckOutcome: Sendable, Encodable, Equatable {
    package enum Status: String, Sendable, Encodable {
        case passed, failed
        case timedOut = "timed-out"
        /// It passed before on the same tree.
        case remembered
        case skipped
        /// No file that it looks at has changed.
        case unaffected
        /// A check before it failed.
        case notRun = "not-run"
    }

    package let hook: String
    package let name: String
    package let command: String
    package let tree: String
    /// Nil for what is in the index or in the folder.
    package let commit: String?
    package let status: Status
    /// In seconds.
    package let duration: Double
    /// Why it failed or was left out.
    package let reason: String?
    /// Where its whole output is.
    package let log: String?
    /// The last lines of what it printed, when it failed.
    package let lastLines: [String]
}

/// What became of all checks of one run.
package struct HookReport: Sendable {
    package internal(set) var outcomes: [CheckOutcome] = []

    /// Whether the run was stopped from outside before it was over.
    package internal(set) var isInterrupted = false

    /// The error that stops what git is about to do; nil when nothing failed.
    package var failure: UserError? {
        if isInterrupted {
            return UserError(.interrupted, "the checks were interrupted", hint: "push again if it still should go out")
        }
        let failed = outcomes.filter { $0.status == .failed || $0.status == .timedOut }
        guard let first = failed.first else { return nil }
        let code: ErrorCode = failed.contains { $0.status == .failed } ? .testsFailed : .testsTimeout
        let place = first.commit.map { " on \($0.prefix(7))" } ?? ""
        let message =
            failed.count == 1
            ? "the check '\(first.name)' failed\(place): it \(first.reason ?? "failed")"
            : "\(failed.count) checks failed\(place): \(failed.map { "'\($0.name)'" }.joined(separator: ", "))"
        return UserError(code, message, hint: first.log.map { "the whole output is in \($0)" })
    }

    /// The outcomes as JSON lines, the last of which is the sum.
    package func jsonLines() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let sum = Sum(
            type: "summary", passed: outcomes.count { [.passed, .remembered].contains($0.status) },
            failed: outcomes.count { [.failed, .timedOut].contains($0.status) },
            others: outcomes.count { [.skipped, .unaffected, .notRun].contains($0.status) },
            code: failure?.code.rawValue)
        let lines = outcomes.map { try? encoder.encode(TypedOutcome(outcome: $0)) } + [try? encoder.encode(sum)]
        return lines.compactMap { $0 }.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined()
    }

    private struct Sum: Encodable {
        let type: String
        let passed: Int
        let failed: Int
        let others: Int
        let code: String?
    }

    private struct TypedOutcome: Encodable {
        let outcome: CheckOutcome

        private enum Key: String, CodingKey { case type }

        func encode(to encoder: any Encoder) throws {
            var keys = encoder.container(keyedBy: Key.self)
            try keys.encode("check", forKey: .type)
            try outcome.encode(to: encoder)
        }
    }
}
