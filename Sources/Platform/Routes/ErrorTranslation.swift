internal import Artifacts
internal import Diagnostics
internal import GRDB
internal import PlatformAPI
internal import Registry

/// The one place where errors of the platform's parts become what a client is told.
enum ErrorTranslation {
    static func problem(for error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let error as BlobStore.Failure where error == .noSpace: noSpace
        case let error as PullFailure: error.problem
        case let error as RegistryError: error.pullProblem
        case let error as S3Error: error.pullProblem
        case let error as UnpackError: error.problem
        case let error as SystemError where error.isNoSpace: noSpace
        case let error as DatabaseError where error.resultCode == .SQLITE_FULL: noSpace
        case let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode):
            Problem(
                .platformUnavailable, status: 503, "the platform's ledger is damaged",
                hint: "git bim platform stop, then git bim platform start --restore-ledger")
        default: Problem(.internal, status: 500, "the platform met an error of its own", hint: "its log says more")
        }
    }

    private static let noSpace = Problem(
        .quota, status: 507, "no space is left on the platform", hint: "free some space and push again")
}
