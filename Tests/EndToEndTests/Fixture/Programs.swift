import Foundation
import Glibc

/// Where the programs under test lie: beside the test runner, else in the folder that BIM_PROGRAMS names.
enum Programs {
    static let folder: String = {
        let runner = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = (runner as NSString).deletingLastPathComponent
        if access(beside + "/git-remote-bim", X_OK) == 0 { return beside }
        return ProcessInfo.processInfo.environment["BIM_PROGRAMS"] ?? beside
    }()

    /// The folder of the git to test with, where it is not the machine's: `scripts/git-versions.sh` names it.
    static let git = ProcessInfo.processInfo.environment["BIM_GIT"] ?? "/usr/bin"

    static func path(_ name: String) -> String { folder + "/" + name }

    /// Whether a test may be skipped when a program that it needs is not installed: on a laptop, never in CI.
    static var mayBeMissing: Bool { ProcessInfo.processInfo.environment["CI"] != "true" }

    /// Whether a test that needs `program` runs: it is installed, or its absence shall fail the test.
    static func areAvailable(_ programs: String...) -> Bool {
        !mayBeMissing || programs.allSatisfy { access($0, X_OK) == 0 }
    }
}
