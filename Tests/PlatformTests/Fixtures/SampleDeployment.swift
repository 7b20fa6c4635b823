import Artifacts
import Foundation
import PlatformAPI
import Testing

extension DeploymentRequest {
    /// A request that is in order, for the parts that a test does not care about.
    static func sample(
        of app: AppID = AppID(user: "acme", app: "api"), environment: String = "production",
        ref: String = "refs/heads/main",
        commit: String = String(repeating: "a", count: 40), old: String? = nil, force: Bool = false,
        protected: Bool = false, digest: String = "sha256:" + String(repeating: "0", count: 64),
        processes: [String: String] = ["web": SampleApp.web], releaseCommand: String? = nil
    ) -> DeploymentRequest {
        DeploymentRequest(
            environment: environment, kind: "permanent", protected: protected, ref: ref, commit: commit, oldCommit: old,
            force: force, artifact: .init(kind: "image", reference: "\(app)@\(digest)"),
            settings: .init(processes: processes, releaseCommand: releaseCommand, graceSeconds: 1), message: "Try it",
            client: "tests/1")
    }
}

/// The programs that tests deploy; the host's perl runs them.
enum SampleApp {
    /// Answers every request with `ok`.
    static let web = web(answering: "ok")

    /// Answers every request with `word`.
    static func web(answering word: String) -> String {
        """
        exec perl -MIO::Socket::INET -e '
            $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ENV{PORT}, Listen => 9, ReuseAddr => 1);
            while ($c = $s->accept) {
                sysread $c, $_, 9999;
                print $c "HTTP/1.1 200 OK\\r\\nContent-Length: \(word.utf8.count)\\r\\nConnection: close\\r\\n\\r\\n\(word)";
                close $c;
            }'
        """
    }

    /// A release command that says `begun` and waits to be stopped.
    static let endless = "echo begun; exec sleep 1000"
}

/// A platform that has a commit and an image, so that deployments can begin.
struct DeployableApp: Sendable {
    let platform: TestPlatform
    let source: GitClient
    let image: SampleImage
    let commit: String

    init(on platform: TestPlatform) async throws {
        self.platform = platform
        source = try await GitClient()
        commit = try await source.commit("first")
        try await source.pushSource(to: platform)
        image = try SampleImage()
        try await platform.upload(image)
    }

    func request(
        environment: String = "production", ref: String = "refs/heads/main", commit: String? = nil, old: String? = nil,
        force: Bool = false, protected: Bool = false, processes: [String: String] = ["web": SampleApp.web],
        releaseCommand: String? = nil
    ) -> DeploymentRequest {
        .sample(
            of: platform.app, environment: environment, ref: ref, commit: commit ?? self.commit, old: old, force: force,
            protected: protected, digest: image.digest.description, processes: processes, releaseCommand: releaseCommand
        )
    }

    /// Asks for a deployment, with the condition that the request names unless `headers` hold another.
    func start(_ request: DeploymentRequest, headers: [String: String]? = nil) async throws -> WebAnswer {
        let condition = request.oldCommit.map { ["If-Match": "\"\($0)\""] } ?? ["If-None-Match": "*"]
        return try await platform.send(
            "POST", "\(platform.path)/deployments", headers: headers ?? condition, json: request)
    }

    /// Deploys and waits for the end.
    func deploy(_ request: DeploymentRequest) async throws -> Deployment {
        let answer = try await start(request)
        try #require(answer.status == 202, "\(answer.text)")
        return try await end(of: try answer.decode(Deployment.self).id)
    }

    /// The deployment once its last event has come.
    func end(of id: String) async throws -> Deployment {
        for try await event in events(of: id) where event.type == .end { return try #require(event.deployment) }
        throw Web.NoAnswer(why: "the events have no end")
    }

    /// Waits until a deployment's program has printed `line`.
    func waitUntil(_ id: String, prints line: String) async throws {
        for try await event in events(of: id) where event.type == .log && event.message == line { return }
        Issue.record("'\(line)' was not printed")
    }

    /// The events as they come.
    func events(of id: String, after last: Int = 0) -> AsyncThrowingCompactMapSequence<
        AsyncThrowingStream<String, any Error>, DeploymentEvent
    > {
        platform.lines(
            "\(platform.path)/deployments/\(id)/events",
            headers: ["Accept": "application/jsonl", "Last-Event-ID": String(last)]
        ).compactMap { line in
            line.isEmpty ? nil : try JSONDecoder().decode(DeploymentEvent.self, from: Data(line.utf8))
        }
    }

    /// All events of a deployment, once its last one has come.
    func allEvents(of id: String) async throws -> [DeploymentEvent] {
        try await events(of: id).reduce(into: []) { $0.append($1) }
    }

    func deployments(_ query: String = "") async throws -> [Deployment] {
        try await platform.send("GET", "\(platform.path)/deployments\(query)").decode([Deployment].self)
    }

    func environments() async throws -> [Environment] {
        try await platform.send("GET", "\(platform.path)/environments").decode([Environment].self)
    }

    func releases(of environment: String = "production") async throws -> [Release] {
        try await platform.send("GET", "\(platform.path)/environments/\(environment)/releases")
            .decode([Release].self)
    }

    func cancel(_ id: String) async throws -> WebAnswer {
        try await platform.send("POST", "\(platform.path)/deployments/\(id)/cancel")
    }
}
