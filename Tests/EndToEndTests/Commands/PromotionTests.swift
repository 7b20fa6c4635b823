import Foundation
import Testing

/// Artifacts that are built once, tried in one environment and deployed to the next; and the way back.
struct PromotionTests {
    private struct Log: Decodable {
        struct Deployment: Decodable {
            struct Artifact: Decodable { let reference: String }
            let environment: String, artifact: Artifact, release: Int?, status: String, message: String?
        }
        let v: Int
        let deployments: [Deployment]
    }

    private let sandbox: Sandbox
    private let project: Project

    init() async throws {
        sandbox = try Sandbox()
        project = try await Project(in: sandbox)
    }

    private func log(_ words: String = "") async throws -> [Log.Deployment] {
        let text = try await project.git("bim log --json \(words)").success().stdout
        return try JSONDecoder().decode(Log.self, from: Data(text.utf8)).deployments
    }

    @Test("What 'git bim build' has uploaded goes to staging and from there to production: the very same digest")
    func promotion() async throws {
        let commit = try await project.commitApp(answering: "one")
        let built = try await project.git("bim build").success()
        let reference = built.stdout.trimmingCharacters(in: .newlines)
        #expect(reference.hasPrefix("local/\(sandbox.app)@sha256:") && !built.stderr.contains("deploy  "), "\(built)")
        #expect(try await project.status().deployments.isEmpty)

        let digest = try #require(reference.split(separator: "@").last)
        let staging = try await project.git("bim deploy \(digest) --to staging").success()
        #expect(staging.stderr.contains("not built: \(reference)"), "\(staging)")
        #expect(try await project.answer(of: "staging") == "one")
        #expect(try await project.objectID("bim/staging") == commit, "the tracking branch says what is live")

        try await project.commitApp(answering: "two")
        try await project.git("bim deploy staging --to production").success()
        #expect(try await project.answer() == "one")
        #expect(try await project.remoteObjectID() == commit)
        #expect(Set(try await log().map(\.artifact.reference)) == [reference])

        let again = try await project.git("bim deploy staging/1 --to production").success()
        #expect(again.stderr.contains("it is live in 'production' already"), "\(again)")
        let unknown = try await project.git("bim deploy HEAD --to staging").failure(3)
        #expect(unknown.stderr.contains("an artifact of") && unknown.stderr.contains("git bim build"), "\(unknown)")
    }

    @Test("'git bim rollback' makes the release before live again, and the branch follows; a number names another one")
    func rollback() async throws {
        let first = try await project.commitApp(answering: "one")
        try await project.push().success()
        try await project.commitApp(answering: "two")
        try await project.push().success()
        let back = try await project.git("bim rollback -m Oops").success()
        #expect(back.stdout.hasPrefix("http://127.0.0.1:"))
        #expect(try await project.answer() == "one")
        #expect(try await project.remoteObjectID() == first)
        #expect(try await project.objectID("bim/main") == first)
        #expect(try await log("production").map(\.message) == ["Oops", "Answer two", "Answer one"])
        try await project.git("bim rollback 2 --to production").success()
        #expect(try await project.answer() == "two")
        let unknown = try await project.git("bim rollback 9 --json").failure(3)
        #expect(unknown.stdout.contains(#""code":"APP_NOT_FOUND""#) && unknown.stdout.hasPrefix(#"{"error":"#))
    }
}
