import Foundation
import Deployers
import GitCore
import PlatformAPI
import RemoteHelper
import Testing

@testable import PushPipeline

/// A plain repository as the other end.
struct RepositoryRemoteTests {
    @Test("git's answers are read as what they mean, quoted or not")
    func answers() {
        let answers = GitServer.answers(
            "ok refs/heads/a\nok refs/heads/b up to date\nerror refs/heads/c stale info\n"
                + "error refs/heads/d \"hook said \\\"no\\\"\"\nerror refs/heads/e\noption forced-update\nnonsense\n")
        #expect(
            answers.mapValues(RepositoryRemote.Answer.init) == [
                "refs/heads/a": .ok, "refs/heads/b": .refused(.upToDate), "refs/heads/c": .refused(.staleInfo),
                "refs/heads/d": .refused(.other("hook said \"no\"")), "refs/heads/e": .refused(.other("")),
            ])
    }

    @Test(
        "A ref that moved since it was checked is not overwritten and not deleted, forced or not",
        arguments: [true, false])
    func moved(isDeletion: Bool) async throws {
        let folder = NSTemporaryDirectory() + "bim-repository-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let environment = [
            "HOME": folder, "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b",
        ]
        let script = Process()
        script.executableURL = URL(fileURLWithPath: "/bin/sh")
        script.environment = environment
        script.arguments = [
            "-ec",
            """
            mkdir -p \(folder); cd \(folder); git init -q -b main work; git init -q --bare store.git; cd work
            git commit -q --allow-empty -m one; git commit -q --allow-empty -m two; git push -q ../store.git main
            """,
        ]
        try script.run()
        script.waitUntilExit()
        #expect(script.terminationStatus == 0)
        let location = RepositoryLocation(environment: environment, folder: folder + "/work")
        let (old, new) = try { () throws -> (ObjectID, ObjectID) in
            let repository = try location.open()
            return (try repository.resolve("main~1"), try repository.resolve("main"))
        }()
        let remote = RepositoryRemote(address: folder + "/store.git", location: location)
        let update = RefUpdate(
            ref: "refs/heads/main", old: old, pushedID: old, action: isDeletion ? .delete : .store(old),
            isForced: true, losesCommits: true)
        #expect(try await remote.send([update], PushOptions()) == ["refs/heads/main": .refused(.staleInfo)])
        #expect(try await remote.server.refs().map(\.objectID) == [new.hex])
    }
}
