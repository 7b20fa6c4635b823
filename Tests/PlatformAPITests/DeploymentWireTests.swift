import Diagnostics
import PlatformAPI
import Testing

/// The texts are the contract: other clients and platforms read and write the same.
struct DeploymentWireTests {
    private static let commit = "3f2a1c9d0e5b4a7f8c6d9e1f2a3b4c5d6e7f8091"
    private static let image = DeploymentRequest.Artifact(kind: "image", reference: "acme/api@sha256:00")

    @Test("a request with everything in it")
    func wholeRequest() throws {
        let request = DeploymentRequest(
            environment: "production", kind: "permanent", protected: true, ref: "refs/heads/main", commit: Self.commit,
            oldCommit: "1a2b", force: false, artifact: Self.image,
            settings: .init(
                processes: ["web": "./run", "worker": "./work"], releaseCommand: "./migrate", healthPath: "/up",
                healthTimeoutSeconds: 90, graceSeconds: 10),
            tests: .init(status: "passed", finishedAt: 1_700_000_000, reason: "BIM_SKIP"), message: "Fix login",
            client: "git-remote-bim/0.1.0", refs: [.init(ref: "refs/tags/v1", old: nil, new: "1a2b")],
            extra: ["x-ticket=7"])
        try Wire.expect(
            request,
            is: #"{"artifact":{"kind":"image","reference":"acme/api@sha256:00"},"client":"git-remote-bim/0.1.0","#
                + #""commit":"3f2a1c9d0e5b4a7f8c6d9e1f2a3b4c5d6e7f8091","environment":"production","extra":["x-ticket=7"],"#
                + #""force":false,"kind":"permanent","message":"Fix login","old_commit":"1a2b","protected":true,"#
                + #""ref":"refs/heads/main","refs":[{"new":"1a2b","ref":"refs/tags/v1"}],"settings":{"grace_seconds":10,"health_path":"/up","#
                + #""health_timeout_seconds":90,"processes":{"web":"./run","worker":"./work"},"#
                + #""release_command":"./migrate"},"tests":{"finished_at":1700000000,"reason":"BIM_SKIP","status":"passed"}}"#
        )
    }

    @Test("what a request does not say is left out, and null says the same")
    func shortRequest() throws {
        let request = DeploymentRequest(
            environment: "x", kind: "preview", protected: false, ref: "refs/heads/x", commit: "c", oldCommit: nil,
            force: true, artifact: Self.image, settings: .init(processes: [:]), message: nil, client: "c")
        let start =
            #"{"artifact":{"kind":"image","reference":"acme/api@sha256:00"},"client":"c","commit":"c","#
            + #""environment":"x","force":true,"kind":"preview""#
        let end = #""settings":{"grace_seconds":30,"health_timeout_seconds":60,"processes":{}}"#
        try Wire.expect(request, is: start + #","protected":false,"ref":"refs/heads/x","# + end + "}")
        let nulls =
            start + #","protected":false,"old_commit":null,"message":null,"tests":null,"ref":"refs/heads/x","# + end
            + "}"
        #expect(try Wire.value(DeploymentRequest.self, nulls) == request)
    }

    @Test("a key that a newer side adds is passed over")
    func unknownKey() throws {
        let text = #"{"kind":"image","reference":"r","size":1}"#
        #expect(try Wire.value(DeploymentRequest.Artifact.self, text) == .init(kind: "image", reference: "r"))
    }

    @Test("a request without its commit is no request")
    func missingKey() {
        #expect(throws: DecodingError.self) { try Wire.value(DeploymentRequest.self, #"{"environment":"x"}"#) }
    }

    @Test("a deployment that became healthy")
    func healthyDeployment() throws {
        let deployment = Deployment(
            id: "d1", app: "acme/api", environment: "production", ref: "refs/heads/main", commit: "c", oldCommit: "b",
            artifact: Self.image, status: .healthy, phase: "switching", release: 42, url: "https://x", message: "m",
            createdAt: "2026-01-02T03:04:05Z", finishedAt: "2026-01-02T03:04:06Z")
        try Wire.expect(
            deployment,
            is: #"{"app":"acme/api","artifact":{"kind":"image","reference":"acme/api@sha256:00"},"commit":"c","#
                + #""created_at":"2026-01-02T03:04:05Z","environment":"production","#
                + #""finished_at":"2026-01-02T03:04:06Z","id":"d1","message":"m","old_commit":"b","#
                + #""phase":"switching","ref":"refs/heads/main","release":42,"status":"healthy","url":"https://x"}"#)
    }

    @Test("why a deployment failed, with all that helps")
    func failure() throws {
        let failure = DeploymentFailure(
            code: .crashed, phase: "checking", message: "it ended", hint: "look", exitCode: 1, signal: 9,
            probes: [.init(attempt: 1, path: "/up", outcome: "refused", milliseconds: 3)], listening: ["0.0.0.0:80"],
            logTail: ["KeyError"])
        try Wire.expect(
            failure,
            is: #"{"code":"CRASHED","exit_code":1,"hint":"look","listening":["0.0.0.0:80"],"log_tail":["KeyError"],"#
                + #""message":"it ended","phase":"checking","#
                + #""probes":[{"attempt":1,"milliseconds":3,"outcome":"refused","path":"/up"}],"signal":9}"#)
        try Wire.expect(
            DeploymentFailure(code: .quota, phase: nil, message: "m"),
            is: #"{"code":"QUOTA","listening":[],"log_tail":[],"message":"m","probes":[]}"#)
    }

    @Test(
        "an event of each type",
        arguments: [
            (DeploymentEvent.Kind.status, "status"), (.log, "log"), (.progress, "progress"), (.probe, "probe"),
            (.notice, "notice"), (.end, "end"),
        ])
    func event(type: DeploymentEvent.Kind, name: String) throws {
        try Wire.expect(
            DeploymentEvent(id: 7, time: "2026-01-02T03:04:05Z", type: type, phase: "pulling", message: "m"),
            is: #"{"id":7,"message":"m","phase":"pulling","time":"2026-01-02T03:04:05Z","type":"\#(name)"}"#)
    }

    @Test("the end carries the deployment")
    func endEvent() throws {
        let deployment = Deployment(
            id: "d", app: "a/b", environment: "e", ref: "r", commit: "c", oldCommit: nil, artifact: Self.image,
            status: .failed, message: nil, createdAt: "t")
        try Wire.expect(
            DeploymentEvent(id: 1, time: "t", type: .end, phase: nil, message: "m", deployment: deployment),
            is: #"{"deployment":{"app":"a/b","artifact":{"kind":"image","reference":"acme/api@sha256:00"},"#
                + #""commit":"c","created_at":"t","environment":"e","id":"d","ref":"r","status":"failed"},"id":1,"#
                + #""message":"m","time":"t","type":"end"}"#)
    }
}
