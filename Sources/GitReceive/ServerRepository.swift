internal import Diagnostics
internal import PlatformAPI
internal import ProcessRunner

/// The repository on the server, by the git that is there.
package struct ServerRepository: Sendable {
    let environment: [String: String]
    let folder: String

    package init(environment: [String: String], folder: String) {
        self.environment = environment
        self.folder = folder
    }

    /// Runs git and returns what it printed without the last line end; nil when it fails.
    func git(_ arguments: [String], input: String = "") async -> String? {
        let answer = try? await run(arguments, input: input)
        guard let answer, answer.status.isSuccess else { return nil }
        return answer.text.hasSuffix("\n") ? String(answer.text.dropLast()) : answer.text
    }

    func run(_ arguments: [String], input: String = "") async throws -> Captured {
        try await Command("git", arguments, environment: environment, workingDirectory: folder)
            .capture(input: Array(input.utf8), limit: 16 << 20, deadline: .seconds(300))
    }

    func setting(_ key: String) async -> String? { await git(["config", "--get", key]) }

    func isSet(_ key: String) async -> Bool { await git(["config", "--type=bool", "--get", key]) == "true" }

    /// The object id that a ref has now.
    func objectID(_ ref: String) async -> String? { await git(["rev-parse", "--verify", "--quiet", ref]) }

    /// Changes refs in one transaction.
    ///
    /// - Returns: why not, or nil when it is done.
    func change(_ changes: [RefChange]) async -> String? {
        let none = String(repeating: "0", count: 40)
        let lines = changes.map { change in
            change.new.map { "update \(change.ref) \($0) \(change.old ?? none)\n" }
                ?? "delete \(change.ref)\(change.old.map { " " + $0 } ?? "")\n"
        }
        let answer = try? await run(["update-ref", "--stdin"], input: lines.joined())
        if answer?.status.isSuccess == true { return nil }
        return answer?.errorText.split(separator: "\n").first.map(String.init) ?? "git does not answer"
    }

    /// Sets a ref to an object, whatever it was.
    ///
    /// - Returns: whether it is that now.
    func set(_ ref: String, to objectID: String) async -> Bool { await git(["update-ref", ref, objectID]) != nil }

    /// Whether all commits of one are also those of the other.
    func isAncestor(_ objectID: String, of other: String) async -> Bool {
        await git(["merge-base", "--is-ancestor", objectID, other]) != nil
    }

    /// Keeps the newest refs below a prefix, whose names sort by time.
    func prune(_ prefix: String, keeping count: Int) async {
        guard let list = await git(["for-each-ref", "--format=%(refname)", "--sort=-refname", prefix]) else { return }
        let old = list.split(separator: "\n").dropFirst(count)
        if !old.isEmpty { _ = await git(["update-ref", "--stdin"], input: old.map { "delete \($0)\n" }.joined()) }
    }
}
