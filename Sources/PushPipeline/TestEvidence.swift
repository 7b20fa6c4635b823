internal import Diagnostics
internal import GitCore
internal import PlatformAPI
internal import ProjectConfig

/// What the receipts of the pre-push hook say about a commit's tree.
struct TestEvidence: Sendable {
    private let receipt: TestReceipt?
    private let checks: [Check]
    private let skipReason: String?

    /// - Parameters:
    ///   - branch: where the commit goes; checks that guard other branches alone are not asked for.
    ///   - skipReason: why the pusher goes without tests; a pass that is known counts all the same.
    init(
        tree: ObjectID, branch: String, config: ProjectConfig, location: RepositoryLocation, skipReason: String? = nil
    ) throws(GitError) {
        self.skipReason = skipReason
        let repository = try location.open()
        receipt = TestReceiptStore(commonDirectory: repository.commonDirectory).load(tree: tree.hex)
        checks = (config.hooks["pre-push"] ?? []).filter { check in
            check.branches.isEmpty || check.branches.contains { $0.matches(branch) }
        }
    }

    /// Whether every check of the file has passed on this tree; where the file names none, whether any check has.
    var hasPassed: Bool {
        guard let receipt else { return false }
        if checks.isEmpty { return receipt.checks.contains { $0.hook == "pre-push" && $0.status == .passed } }
        return checks.allSatisfy { receipt.pass(of: $0) != nil }
    }

    /// What travels with the deployment.
    var tests: DeploymentRequest.Tests {
        let reasons = (receipt?.skippedReasons ?? []) + (skipReason.map { [$0] } ?? [])
        let reason = reasons.isEmpty ? nil : reasons.joined(separator: "; ")
        if hasPassed { return .init(status: "passed", finishedAt: receipt?.finishedAt, reason: reason) }
        return .init(status: reason == nil ? "none" : "skipped", reason: reason)
    }

    /// The line of the step, or nil where there is nothing to say.
    ///
    /// - Parameter now: seconds since 1970.
    func line(now: Int64) -> String? {
        switch tests.status {
        case "passed": "passed on this tree \(Self.age(now - (tests.finishedAt ?? now)))"
        case "skipped": "skipped: \(tests.reason ?? "")"
        default: checks.isEmpty ? nil : "not run on this tree"
        }
    }

    private static func age(_ seconds: Int64) -> String {
        switch seconds {
        case ..<60: "just now"
        case ..<120: "a minute ago"
        case ..<7200: "\(seconds / 60) minutes ago"
        case ..<172_800: "\(seconds / 3600) hours ago"
        default: "\(seconds / 86400) days ago"
        }
    }
}
