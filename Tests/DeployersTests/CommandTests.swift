import Diagnostics
import PlatformAPI
import Testing

@testable import Deployers

extension DeploymentRequest {
    static let sample = DeploymentRequest(
        environment: "staging", kind: "permanent", protected: false, ref: "refs/heads/develop",
        commit: String(repeating: "c", count: 40), oldCommit: nil, force: false,
        artifact: .init(kind: "image", reference: "ghcr.io/acme/api@sha256:1234"),
        settings: .init(processes: ["web": "run"]), message: "Say $(hello)", client: "test")
}

/// What a deploy command is told, and what it tells.
struct CommandTests {
    private let template = CommandTemplate(.sample, app: AppID(user: "acme", app: "api"), name: "podman")

    @Test(
        "Placeholders are replaced within their word; other braces are the word's own",
        arguments: [
            ("{artifact}", "ghcr.io/acme/api@sha256:1234"), ("--to={environment}/{app}", "--to=staging/acme/api"),
            ("{message}", "Say $(hello)"), ("{old_commit}", ""), ("{{.ID}} {{json .}}", "{{.ID}} {{json .}}"),
            ("{\"a\":1}", "{\"a\":1}"), ("{", "{"), ("{}", "{}"), ("{digest}{branch}", "sha256:1234develop"),
        ])
    func placeholders(_ word: String, _ filled: String) throws {
        #expect(try template.fill(word) == filled)
    }

    @Test("A name that is mistyped is told with the known ones; each has a variable")
    func unknown() {
        let error = #expect(throws: UserError.self) { try template.fill("--image={artefact}") }
        #expect(error?.code == .configInvalid && error?.hint?.contains("{artifact}") == true)
        #expect(template.variables["BIM_ARTIFACT"] == "ghcr.io/acme/api@sha256:1234")
        #expect(template.variables["BIM_APP"] == "acme/api" && template.variables["BIM_COMMIT"]?.count == 40)
    }

    @Test("The URL is the named field's, else the last that was printed, without what ends a sentence")
    func url() {
        let plain = CommandReport(urlField: "url")
        #expect(plain.receive("see http://docs.example/x") == "see http://docs.example/x")
        _ = plain.receive("It is live at <https://api.example:8443/a?b=1>.")
        #expect(plain.url == "https://api.example:8443/a?b=1")
        let lines = CommandReport(urlField: "service_url")
        #expect(lines.receive(#"{"service_url":"https://a.example","release":7}"#) == nil)
        #expect(lines.receive(#"{"message":"pulled","url":"https://b.example"}"#) == "pulled")
        #expect(lines.receive("done: https://c.example") == "done: https://c.example")
        #expect(lines.url == "https://a.example" && lines.release == 7)
        #expect(CommandReport(urlField: "url").url == nil)
    }

    @Test("A failure has the command's own code, else that of its status, else one for all others")
    func failures() {
        let report = CommandReport(urlField: "url")
        _ = report.receive("no such host")
        let error = report.failure(of: "podman", status: 9, [9: "FORBIDDEN"])
        #expect(error.code == .forbidden)
        #expect(error.message == "the command 'podman' exited with status 9: no such host")
        #expect(report.failure(of: "podman", status: 1, [:]).code == .deployFailed)
        #expect(report.failure(of: "podman", status: 75, [:]).code == .platformUnavailable)
        _ = report.receive(#"{"code":"CRASHED","message":"'web' exited","hint":"look"}"#)
        let told = report.failure(of: "podman", status: 1, [1: "FORBIDDEN"])
        #expect(told.code == .crashed && told.message == "'web' exited" && told.hint == "look")
    }

    @Test("Only one holds a lock, and it can be taken again once it was released")
    func locks() throws {
        let lock = FolderLock(folder: "/tmp/bim-lock-\(UInt32.random(in: 0...UInt32.max))")
        let held = try lock.take(for: "a", "busy")
        let other = try lock.take(for: "b", "busy")
        let error = #expect(throws: UserError.self) { try lock.take(for: "a", "busy") }
        #expect(error?.code == .deployInProgress && error?.message == "busy")
        held.release()
        try lock.take(for: "a", "busy").release()
        other.release()
    }
}

/// What a git server tells a bim at the other end.
struct ReportLineTests {
    @Test("A line is read back as it was written, with the spaces that git puts behind it")
    func roundTrip() throws {
        let event = DeploymentEvent(id: 3, time: "t", type: .notice, phase: nil, message: "a \"b\" ü")
        let problem = Problem(.staleRef, status: 412, "changed", hint: "fetch")
        for line in [ReportLine.event(event), .problem(problem), .alive] {
            #expect(ReportLine(line.text + "        ") == line)
        }
    }

    @Test("Lines for people are none", arguments: ["hello", "bim-event: no json", "bim-alive and well", ""])
    func others(_ text: String) {
        #expect(ReportLine(text) == nil)
    }
}
