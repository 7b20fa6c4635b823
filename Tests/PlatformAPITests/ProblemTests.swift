import Diagnostics
import PlatformAPI
import Testing

struct ProblemTests {
    @Test("a problem has RFC 9457's members and bim's own beside them")
    func members() throws {
        try Wire.expect(
            Problem(.appNotFound, status: 404, "there is no app 'acme/api'", hint: "git bim create"),
            is: #"{"code":"APP_NOT_FOUND","detail":"there is no app 'acme/api'","hint":"git bim create","#
                + #""retryable":false,"status":404,"title":"APP_NOT_FOUND","type":"about:blank"}"#)
        #expect(Problem.mediaType == "application/problem+json")
    }

    @Test("a stale ref tells the current object id, a busy environment its holder")
    func details() throws {
        try Wire.expect(
            Problem(.staleRef, status: 412, "moved", current: "abc"),
            is: #"{"code":"STALE_REF","current":"abc","detail":"moved","retryable":false,"status":412,"#
                + #""title":"STALE_REF","type":"about:blank"}"#)
        try Wire.expect(
            Problem(
                .deployInProgress, status: 409, "busy",
                holder: .init(deployment: "d", by: "b", commit: "c", since: "t", phase: "pulling")),
            is: #"{"code":"DEPLOY_IN_PROGRESS","detail":"busy","#
                + #""holder":{"by":"b","commit":"c","deployment":"d","phase":"pulling","since":"t"},"retryable":true,"#
                + #""status":409,"title":"DEPLOY_IN_PROGRESS","type":"about:blank"}"#)
    }

    @Test("retryable is what the code says", arguments: ErrorCode.allCases)
    func retryable(code: ErrorCode) {
        #expect(Problem(code, status: 500, "x").retryable == code.isRetryable)
    }
}
