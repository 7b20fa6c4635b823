/// A stable name for what went wrong; once published it is never renamed (`docs/errors.md` explains each).
package enum ErrorCode: String, CaseIterable, Codable, Sendable {
    case testsFailed = "TESTS_FAILED"
    case testsTimeout = "TESTS_TIMEOUT"
    case testsRequired = "TESTS_REQUIRED"
    case branchNotMapped = "BRANCH_NOT_MAPPED"
    case noBuilder = "NO_BUILDER"
    case buildFailed = "BUILD_FAILED"
    case buildTimeout = "BUILD_TIMEOUT"
    case builderUnavailable = "BUILDER_UNAVAILABLE"
    case platformMismatch = "PLATFORM_MISMATCH"
    case artifactTooLarge = "ARTIFACT_TOO_LARGE"
    case registryAuth = "REGISTRY_AUTH"
    case registryUnreachable = "REGISTRY_UNREACHABLE"
    case unauthenticated = "UNAUTHENTICATED"
    case forbidden = "FORBIDDEN"
    case environmentProtected = "ENVIRONMENT_PROTECTED"
    case appNotFound = "APP_NOT_FOUND"
    case staleRef = "STALE_REF"
    case nonFastForward = "NON_FAST_FORWARD"
    case deployInProgress = "DEPLOY_IN_PROGRESS"
    case superseded = "SUPERSEDED"
    case canceled = "CANCELED"
    case configInvalid = "CONFIG_INVALID"
    case configMissing = "CONFIG_MISSING"
    case pullFailed = "PULL_FAILED"
    case releaseCommandFailed = "RELEASE_COMMAND_FAILED"
    case portNotBound = "PORT_NOT_BOUND"
    case healthCheckFailed = "HEALTH_CHECK_FAILED"
    case crashed = "CRASHED"
    case outOfMemory = "OUT_OF_MEMORY"
    case deployFailed = "DEPLOY_FAILED"
    case rolledBack = "ROLLED_BACK"
    case quota = "QUOTA"
    case platformUnavailable = "PLATFORM_UNAVAILABLE"
    case platformRestarted = "PLATFORM_RESTARTED"
    case platformVersion = "PLATFORM_VERSION"
    case interrupted = "INTERRUPTED"
    case `internal` = "INTERNAL"

    /// A code that this version does not know, as one of a newer platform, is read as `INTERNAL`: the message still tells.
    package init(from decoder: any Decoder) throws {
        let name = try decoder.singleValueContainer().decode(String.self)
        self = ErrorCode(rawValue: name) ?? .internal
    }

    /// The exit status of `git bim` and `bim-hooks` for this code; it belongs to the code, never to the place that throws.
    package var exitStatus: Int32 {
        switch self {
        case .appNotFound: 3
        case .unauthenticated, .forbidden, .environmentProtected, .registryAuth: 4
        case .staleRef, .nonFastForward, .deployInProgress, .superseded, .branchNotMapped: 5
        case .testsFailed, .testsTimeout, .testsRequired: 10
        case .noBuilder, .buildFailed, .buildTimeout, .platformMismatch, .configInvalid: 11
        case .artifactTooLarge, .registryUnreachable: 12
        case .releaseCommandFailed: 13
        case .configMissing, .pullFailed, .portNotBound, .healthCheckFailed, .crashed, .outOfMemory,
            .deployFailed:
            14
        case .rolledBack: 15
        case .platformUnavailable, .platformRestarted, .builderUnavailable: 75
        case .canceled, .interrupted: 130
        case .quota, .platformVersion, .internal: 1
        }
    }

    /// Whether the same attempt may succeed when it is simply made again.
    package var isRetryable: Bool {
        switch self {
        case .deployInProgress, .registryUnreachable, .platformUnavailable, .platformRestarted, .interrupted, .canceled,
            .superseded, .pullFailed, .builderUnavailable:
            true
        default: false
        }
    }
}
