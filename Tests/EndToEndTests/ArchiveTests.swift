import Foundation
import Testing

/// `git archive --remote`, where git has it: over HTTP from version 2.44 on.
struct ArchiveTests {
    /// Whether the git under test is new enough.
    private static let isPossible: Bool = {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: Programs.git + "/git")
        process.arguments = ["version"]
        process.standardOutput = pipe
        guard (try? process.run()) != nil else { return false }
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let numbers = text.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        return numbers.count == 2 && (numbers[0], numbers[1]) >= (2, 44)
    }()

    @Test(
        "What is live comes as an archive, and what is no ref of the app's is refused",
        .enabled(if: isPossible, "git archive --remote over HTTP needs git 2.44: scripts/git-versions.sh has one"))
    func archive() async throws {
        let sandbox = try Sandbox()
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "archived")
        try await project.push().success()
        try await sandbox.git("archive --remote=\(project.remote) --prefix=app/ --output=app.tar main app.py").success()
        try await sandbox.run(["tar", "-xf", "app.tar"], in: sandbox.root).success()
        #expect(try String(contentsOfFile: "\(sandbox.root)/app/app.py", encoding: .utf8).contains("archived"))
        let unknown = try await sandbox.git("archive --remote=\(project.remote) --output=none.tar nothing")
        #expect(unknown.status != 0 && unknown.stderr.contains("remote: git upload-archive: "), "\(unknown)")
    }

    @Test(
        "An older git says that it cannot, and nothing hangs",
        .enabled(if: !isPossible, "this git has git archive --remote over HTTP"))
    func impossible() async throws {
        let sandbox = try Sandbox()
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "archived")
        try await project.push().success()
        let archive = try await sandbox.git("archive --remote=\(project.remote) main").failure(128)
        #expect(archive.stderr.contains("operation not supported by protocol"), "\(archive)")
    }
}
