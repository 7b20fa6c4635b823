internal import FoundationEssentials

/// What is known of the tests of one tree: the evidence that a push of it carries.
///
/// Failures are not in it. A check that was run again has one record for each command, environment and set of tools.
package struct TestReceipt: Codable, Sendable, Equatable {
    /// One check that passed, or that the user left out.
    package struct Record: Codable, Sendable, Equatable {
        package enum Status: String, Codable, Sendable {
            /// The command ended with status 0 on this tree.
            case passed
            /// The user left it out; ``Record/reason`` says why.
            case skipped
            /// Nothing that the check looks at differs from the tree that was there before.
            case unaffected
        }

        /// The hook that the check belongs to, such as `pre-push`.
        package var hook: String
        /// The check's name.
        package var name: String
        /// The command with the variables that were set for it, ``Check/commandLine``.
        package var command: String
        /// The programs that the command names, each with what tells its versions apart.
        package var tools: [String: String]
        package var status: Status
        /// How long the command took, in seconds.
        package var duration: Double
        /// When it was over, in seconds since 1970.
        package var finishedAt: Int64
        /// Why it was skipped.
        package var reason: String?

        package init(
            hook: String, name: String, command: String, tools: [String: String], status: Status, duration: Double,
            finishedAt: Int64, reason: String? = nil
        ) {
            self.hook = hook
            self.name = name
            self.command = command
            self.tools = tools
            self.status = status
            self.duration = duration
            self.finishedAt = finishedAt
            self.reason = reason
        }

        /// Tells whether the other record is about the same thing: same check, command and tools.
        package func isAbout(_ other: Record) -> Bool {
            hook == other.hook && name == other.name && command == other.command && tools == other.tools
        }
    }

    /// The tree's object id, 40 hexadecimal digits.
    package var tree: String

    /// The records, the oldest first.
    package var checks: [Record]

    /// Makes a receipt.
    package init(tree: String, checks: [Record] = []) {
        self.tree = tree
        self.checks = checks
    }

    /// When the last of the checks was over, in seconds since 1970; nil when there is none.
    package var finishedAt: Int64? { checks.map(\.finishedAt).max() }

    /// Why checks were skipped, without repetition.
    package var skippedReasons: [String] {
        var reasons: [String] = []
        for case let reason? in checks.filter({ $0.status == .skipped }).map(\.reason) where !reasons.contains(reason) {
            reasons.append(reason)
        }
        return reasons
    }

    /// Returns the last record that says that the check passed, with whatever tools.
    package func pass(of check: Check, hook: String = "pre-push") -> Record? {
        checks.last {
            $0.hook == hook && $0.name == check.name && $0.command == check.commandLine && $0.status == .passed
        }
    }

    /// Takes in new records, each in the place of an older one about the same thing; a skip never replaces a pass.
    package mutating func add(_ records: [Record]) {
        for record in records {
            let old = checks.first { $0.isAbout(record) }
            if old?.status == .passed && record.status != .passed { continue }
            checks.removeAll { $0.isAbout(record) }
            checks.append(record)
        }
    }
}
