import Artifacts
import Diagnostics
import PlatformAPI
import Testing

/// A wire type with the name of its schema: a value that has everything, and one that has the least.
struct WireSample: Sendable, CustomTestStringConvertible {
    let name: String
    let full: [UInt8]
    let least: [UInt8]

    var testDescription: String { name }

    private init(_ name: String, _ full: some Encodable, _ least: some Encodable) {
        self.name = name
        self.full = (try? CanonicalJSON.encode(full)) ?? []
        self.least = (try? CanonicalJSON.encode(least)) ?? []
    }

    private init(_ name: String, _ value: some Encodable) { self.init(name, value, value) }

    private static let id = String(repeating: "a", count: 40)
    private static let time = "2030-01-02T03:04:05.678Z"
    private static let artifact = DeploymentRequest.Artifact(kind: "image", reference: "acme/api@sha256:0")
    private static let presigned = DeploymentRequest.Artifact(
        kind: "zip", reference: "s3://bucket/api/0.zip",
        urls: ["sha256:" + String(repeating: "0", count: 64): "https://bucket.example/?signature=1"])
    private static let probe = DeploymentFailure.Probe(attempt: 1, path: "/up", outcome: "200", milliseconds: 3)
    private static let holder = Problem.Holder(
        deployment: "dpl_1", by: "local", commit: id, since: time, phase: "starting")

    private static let settings = DeploymentRequest.Settings(
        processes: ["web": "run"], releaseCommand: "migrate", healthPath: "/up")

    private static let tests = DeploymentRequest.Tests(status: "skipped", finishedAt: 1, reason: "it was asked for")
    private static let limits = PlatformDescription.Limits(
        requestBytes: 1, manifestBytes: 1, artifactBytes: 1, graceSeconds: 1, healthTimeoutSeconds: 1)
    private static let leastLimits = PlatformDescription.Limits(
        requestBytes: 1, manifestBytes: 1, graceSeconds: 1, healthTimeoutSeconds: 1)

    private static var problem: Problem {
        var problem = Problem(.staleRef, status: 412, "it moved", hint: "fetch", current: id, holder: holder)
        problem.instance = "/v1/apps"
        return problem
    }

    private static let request = DeploymentRequest(
        environment: "production", kind: "permanent", protected: true, ref: "refs/heads/main", commit: id,
        oldCommit: id,
        force: true, artifact: artifact, settings: settings, tests: tests, message: "Try it", client: "tests/1",
        refs: [RefChange(ref: "refs/tags/v1", old: nil, new: id)], extra: ["x-ticket=7"])
    private static var heldRequest: DeploymentRequest {
        var held = request
        held.hold = true
        return held
    }

    private static let leastRequest = DeploymentRequest(
        environment: "production", kind: "preview", protected: false, ref: "refs/heads/main", commit: id,
        oldCommit: nil,
        force: false, artifact: artifact, settings: settings, message: nil, client: "tests/1")

    private static let failure = DeploymentFailure(
        code: .crashed, phase: "checking", message: "it crashed", hint: "mend it", exitCode: 1, signal: 9,
        probes: [probe], listening: ["127.0.0.1:80"], logTail: ["line"])

    private static let deployment = Deployment(
        id: "dpl_1", app: "acme/api", environment: "production", ref: "refs/heads/main", commit: id, oldCommit: id,
        artifact: artifact, status: .failed, phase: "checking", release: 1, url: "http://127.0.0.1:1", failure: failure,
        message: "Try it", extra: ["x-ticket=7"], tests: tests, createdAt: time, finishedAt: time)
    private static let leastDeployment = Deployment(
        id: "dpl_1", app: "acme/api", environment: "production", ref: "refs/heads/main", commit: id, oldCommit: nil,
        artifact: artifact, status: .queued, message: nil, createdAt: time)

    private static let delivery = Webhook.Delivery(
        id: "msg_1", deployment: "dpl_1", time: time, delivered: true, attempts: 1, outcome: "status 204")

    /// Every type that crosses the wire by its own schema.
    static let all: [WireSample] = [
        .init("App", App(user: "acme", name: "api", createdAt: time)),
        .init("Artifact", presigned, artifact),
        .init(
            "Settings", settings, DeploymentRequest.Settings(processes: [:], healthTimeoutSeconds: 1, graceSeconds: 300)
        ),
        .init("DeploymentRequest", heldRequest, leastRequest),
        .init("Deployment", deployment, leastDeployment),
        .init("DeploymentFailure", failure, DeploymentFailure(code: .crashed, phase: nil, message: "it crashed")),
        .init(
            "Probe", probe, DeploymentFailure.Probe(attempt: 1, path: nil, outcome: "connected", milliseconds: 0)),
        .init(
            "DeploymentEvent",
            DeploymentEvent(id: 2, time: time, type: .end, phase: "checking", message: "over", deployment: deployment),
            DeploymentEvent(id: 1, time: time, type: .status, phase: nil, message: "queued")),
        .init("Problem", problem, Problem(.staleRef, status: 412, "it moved")),
        .init("Tests", tests, DeploymentRequest.Tests(status: "none")),
        .init("Limits", limits, leastLimits),
        .init("Identity", Identity.operator),
        .init("Holder", holder, Problem.Holder(deployment: "dpl_1", by: nil, commit: id, since: time, phase: nil)),
        .init(
            "PlatformDescription",
            PlatformDescription(
                version: "1", platforms: [.init(os: "linux", architecture: "amd64")], artifactKinds: ["image"],
                registry: "127.0.0.1:1", limits: limits, features: ["git"]),
            PlatformDescription(version: "1", platforms: [], artifactKinds: [], features: [])),
        .init("Target", PlatformDescription.Target(os: "linux", architecture: "amd64")),
        .init(
            "RefRecord",
            RefRecord(ref: "refs/heads/main", objectID: id, environment: "production", release: 1, updatedAt: time),
            RefRecord(ref: "refs/tags/v1", objectID: id, environment: nil, release: nil, updatedAt: time)),
        .init(
            "RefChange", RefChange(ref: "refs/tags/v1", old: id, new: id),
            RefChange(ref: "refs/tags/v1", old: nil, new: nil)),
        .init(
            "Environment",
            Environment(
                name: "production", kind: "permanent", ref: "refs/heads/main", url: "http://127.0.0.1:1",
                liveRelease: 1,
                state: "unreachable", problem: "its port is taken"),
            Environment(
                name: "production", kind: "preview", ref: nil, url: "http://127.0.0.1:1", liveRelease: nil,
                state: "stopped", problem: nil)),
        .init(
            "Release",
            Release(
                number: 1, deployment: "dpl_1", commit: id, artifact: "acme/api@sha256:0", createdAt: time, isLive: true
            )),
        .init(
            "RollbackRequest", RollbackRequest(release: 1, runReleaseCommand: true, message: "Back", client: "tests/1"),
            RollbackRequest(release: nil, client: "tests/1")),
        .init("ConfigValue", ConfigValue(value: "x", secret: true)),
        .init(
            "ConfigVariable", ConfigVariable(name: "A", value: "x", secret: false),
            ConfigVariable(name: "A", value: nil, secret: true)),
        .init(
            "ConfigChange", ConfigChange(config: [], deployment: leastDeployment),
            ConfigChange(config: [], deployment: nil)),
        .init("WebhookRequest", WebhookRequest(url: "https://ci.example/", secret: "0123456789abcdef")),
        .init(
            "Webhook", Webhook(url: "https://ci.example/", updatedAt: time, last: delivery),
            Webhook(url: "https://ci.example/", updatedAt: time, last: nil)),
        .init("WebhookDelivery", delivery),
        .init(
            "WebhookMessage", WebhookMessage(deployment, message: "it crashed", time: time),
            WebhookMessage(leastDeployment, message: "it crashed", time: time)),
        .init("LogLine", LogLine(time: time, process: "web", message: "ready")),
    ]
}
