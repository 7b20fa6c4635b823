import Diagnostics
import Testing

/// The table of the API's contract, written out: published codes are never renamed and keep their exit status.
private let published: [(name: String, exitStatus: Int32, isRetryable: Bool)] = [
    ("TESTS_FAILED", 10, false), ("TESTS_TIMEOUT", 10, false), ("TESTS_REQUIRED", 10, false),
    ("BRANCH_NOT_MAPPED", 5, false), ("NO_BUILDER", 11, false), ("BUILD_FAILED", 11, false),
    ("BUILD_TIMEOUT", 11, false), ("BUILDER_UNAVAILABLE", 75, true), ("PLATFORM_MISMATCH", 11, false),
    ("ARTIFACT_TOO_LARGE", 12, false), ("REGISTRY_AUTH", 4, false),
    ("REGISTRY_UNREACHABLE", 12, true), ("UNAUTHENTICATED", 4, false), ("FORBIDDEN", 4, false),
    ("ENVIRONMENT_PROTECTED", 4, false), ("APP_NOT_FOUND", 3, false), ("STALE_REF", 5, false),
    ("NON_FAST_FORWARD", 5, false), ("DEPLOY_IN_PROGRESS", 5, true), ("SUPERSEDED", 5, true), ("CANCELED", 130, true),
    ("CONFIG_INVALID", 11, false), ("CONFIG_MISSING", 14, false), ("PULL_FAILED", 14, true),
    ("RELEASE_COMMAND_FAILED", 13, false), ("PORT_NOT_BOUND", 14, false), ("HEALTH_CHECK_FAILED", 14, false),
    ("CRASHED", 14, false), ("OUT_OF_MEMORY", 14, false), ("DEPLOY_FAILED", 14, false),
    ("ROLLED_BACK", 15, false), ("QUOTA", 1, false),
    ("PLATFORM_UNAVAILABLE", 75, true), ("PLATFORM_RESTARTED", 75, true), ("PLATFORM_VERSION", 1, false),
    ("INTERRUPTED", 130, true),
    ("INTERNAL", 1, false),
]

struct ErrorCodeTests {
    @Test("the codes are the published ones, no more and no fewer")
    func names() {
        #expect(Set(ErrorCode.allCases.map(\.rawValue)) == Set(published.map(\.name)))
        #expect(ErrorCode.allCases.count == published.count)
    }

    @Test("a code has the exit status and the retryability that were published", arguments: published)
    func exitStatus(name: String, exitStatus: Int32, isRetryable: Bool) throws {
        let code = try #require(ErrorCode(rawValue: name))
        #expect(code.exitStatus == exitStatus)
        #expect(code.isRetryable == isRetryable)
    }

    @Test("a failure is printed with its hint, and under -v with its cause", arguments: ErrorCode.allCases)
    func failure(code: ErrorCode) {
        let error = UserError(code, "'web' did it", hint: "git push", cause: Cause())
        #expect(Transcript.of(.failure(error)) == "error: 'web' did it\nhint: git push\n")
        let verbose = Transcript.of(.failure(error), style: .verbose)
        #expect(verbose == "error: 'web' did it\nhint: git push\ncaused by: a leaf\n")
    }

    @Test("an error that ends the program carries its code in the line", arguments: ErrorCode.allCases)
    func fatal(code: ErrorCode) {
        let error = UserError(code, "'web' did it", hint: "git push", cause: Cause())
        #expect(Transcript.of(.fatal(error)) == "error: 'web' did it (\(code.rawValue))\nhint: git push\n")
        let verbose = Transcript.of(.fatal(error), style: .verbose)
        #expect(verbose == "error: 'web' did it (\(code.rawValue))\nhint: git push\ncaused by: a leaf\n")
    }

    @Test("git's parentheses hold the code and the shorter message", arguments: ErrorCode.allCases)
    func reason(code: ErrorCode) {
        #expect(UserError(code, "a long story").reason == "\(code.rawValue): a long story")
        #expect(UserError(code, "a long story", reason: "short").reason == "\(code.rawValue): short")
    }

    private struct Cause: Error, CustomStringConvertible {
        let description = "a leaf"
    }
}
