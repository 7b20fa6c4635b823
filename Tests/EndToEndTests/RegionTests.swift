import Foundation
import Testing

/// One push to two platforms, each with a token, an app's name and a registry of its own.
@Suite("Several regions", .timeLimit(.minutes(3)))
struct RegionTests {
    private let project: Project
    private let far: Sandbox
    /// Without `bim::`.
    private let urls: [String]

    init() async throws {
        let near = try Sandbox()
        far = try Sandbox()
        var urls: [String] = []
        var credentials = ""
        for sandbox in [near, far] {
            try await sandbox.git("bim platform start").success()
            let endpoint = try #require(sandbox.endpoint)
            credentials += "http://local:\(try #require(sandbox.token))@\(endpoint.host)%3a\(endpoint.port)\n"
            urls.append("http://\(endpoint.host):\(endpoint.port)/local/\(sandbox.app)")
        }
        self.urls = urls
        let store = "\(near.root)/credentials"
        try credentials.write(toFile: store, atomically: true, encoding: .utf8)
        project = try await Project(in: near, remote: "bim::\(urls[0])")
        try await near.run(["git", "config", "--global", "credential.helper", "store --file=\(store)"]).success()
        for url in urls { try await project.git("bim create bim::\(url)").success() }
    }

    private func configuration(_ targets: [String]) -> String {
        "environments: { production: { targets: [\(targets.map { "\"bim::\($0)\"" }.joined(separator: ", "))] } }\n"
    }

    private func answers() async throws -> [String] {
        var bodies: [String] = []
        for url in urls {
            let text = try await project.git("bim status --json bim::\(url)").success().stdout
            let status = try JSONDecoder().decode(Project.Status.self, from: Data(text.utf8))
            guard let environment = status.environment(), environment.live_release != nil else {
                bodies.append("nothing")
                continue
            }
            bodies.append(try await WebClient.get(try #require(environment.url)).body)
        }
        return bodies
    }

    @Test("All switch when all are healthy; where one crashes all keep what they have, and the next push mends it")
    func together() async throws {
        try project.write("bim.yml", configuration(urls.map { "\($0)" }))
        let first = try await project.commitApp(answering: "one")
        let pushed = try await project.push().success()
        #expect(try await answers() == ["one", "one"])
        #expect(pushed.stderr.contains(far.app))

        try await project.commitApp(
            answering: "two", before: "if '\(far.app)' in os.environ['BIM_APP']: sys.exit(3)")
        let refused = try await project.push().failure()
        #expect(refused.stderr.contains("[remote rejected] main -> main (CRASHED: "))
        #expect(refused.stderr.contains("\(far.app): 'web' exited with status 3"))
        #expect(refused.stderr.contains("no region has switched"))
        #expect(try await answers() == ["one", "one"])
        #expect(try await project.remoteObjectID() == first)

        let third = try await project.commitApp(answering: "three")
        try await project.push().success()
        #expect(try await answers() == ["three", "three"])
        #expect(try await project.remoteObjectID() == third)
    }

    @Test("A remote that is none of the targets is refused with their names")
    func elsewhere() async throws {
        try project.write("bim.yml", configuration([urls[1]]))
        try await project.commitApp(answering: "one")
        let refused = try await project.push().failure()
        #expect(refused.stderr.contains("CONFIG_INVALID"))
        #expect(refused.stderr.contains("the remote is none of them"))
        #expect(try await answers() == ["nothing", "nothing"])
    }
}
