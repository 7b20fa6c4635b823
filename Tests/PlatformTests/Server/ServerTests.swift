import Diagnostics
import PlatformAPI
import Testing

/// The suites that ask a running platform; every answer that they get is held against docs/openapi.yaml.
///
/// One test at a time: each has a server, git and sandboxes to run. The limit is there so that nothing hangs.
@Suite("A running platform", .serialized, .timeLimit(.minutes(3)))
enum ServerTests {}

/// Expects an error in the API's own form and returns it.
@discardableResult
func expectProblem(
    _ code: ErrorCode, _ status: Int, in answer: WebAnswer, sourceLocation: SourceLocation = #_sourceLocation
) throws -> Problem {
    #expect(answer.status == status, "\(answer.text)", sourceLocation: sourceLocation)
    let problem = try answer.decode(Problem.self)
    #expect(problem.code == code, "\(answer.text)", sourceLocation: sourceLocation)
    #expect(problem.status == status, sourceLocation: sourceLocation)
    return problem
}
