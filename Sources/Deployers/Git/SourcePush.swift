package import Diagnostics
internal import ProcessRunner

/// Sends objects with their history to the platform's repository, under refs that no clone sees.
///
/// git itself does it: it knows what is there already, shallow and partial clones, proxies and certificates.
package struct SourcePush: Sendable {
    private let connection: PlatformConnection
    private let environment: [String: String]
    private let folder: String

    /// How often a push is tried: two of the same commit at once get in each other's way, and the later finds it there.
    private static let attempts = 3

    /// - Parameters:
    ///   - environment: that of the git that has the objects.
    ///   - folder: where its repository is.
    package init(_ connection: PlatformConnection, environment: [String: String], folder: String) {
        self.connection = connection
        self.environment = environment
        self.folder = folder
    }

    /// - Parameter ids: hex object ids.
    /// - Throws: `PLATFORM_UNAVAILABLE` with git's own words as cause.
    package func send(_ ids: [String]) async throws(UserError) {
        // As many as an argument list holds.
        for start in stride(from: 0, to: ids.count, by: 5000) {
            try await sendPiece(Array(ids[start..<min(start + 5000, ids.count)]))
        }
    }

    private func sendPiece(_ ids: [String]) async throws(UserError) {
        for attempt in 1... {
            let answer = try await push(ids)
            relayTrace(answer.errorText)
            if answer.status.isSuccess { return }
            guard attempt < Self.attempts else { throw failure(answer.errorText) }
            try? await Task.sleep(for: .milliseconds(200) * attempt)
        }
    }

    /// `git send-pack` would do for a path; over HTTP only `git push` knows proxies and credentials.
    private func push(_ ids: [String]) async throws(UserError) -> Captured {
        // What the user has set for pushes of their own has no say in this one. An empty push option clears earlier ones.
        let command = Command(
            "git",
            [
                "-c", "push.pushOption=", "push", "--quiet", "--no-verify", "--no-signed", "--no-follow-tags",
                "--recurse-submodules=no", connection.gitURL,
            ] + Set(ids).map { "+\($0):refs/bim/source/\($0)" },
            environment: GitAccess(connection).environment(environment), workingDirectory: folder)
        do {
            return try await command.capture(limit: 1 << 20, deadline: .seconds(1800))
        } catch let error as ProcessError where error.kind == .canceled {
            throw UserError(.interrupted, "interrupted while the source was being sent", hint: "push again")
        } catch {
            throw failure("\(error)")
        }
    }

    /// Whoever traces git to the terminal wants to see this git, too.
    private func relayTrace(_ text: String) {
        let traced = environment.contains {
            $0.key.hasPrefix("GIT_TRACE") && ["1", "2", "true"].contains($0.value)
        }
        if traced { LineReporter.toStandardError(text) }
    }

    private func failure(_ said: String) -> UserError {
        let words = said.split(separator: "\n").map(String.init)
        let line =
            words.last { $0.hasPrefix("fatal:") || $0.hasPrefix("error:") || $0.hasPrefix("remote:") }
            ?? "no reason given"
        return UserError(
            .platformUnavailable, "the commit could not be sent to the platform: \(line)", hint: "push again",
            cause: GitSaid(text: said))
    }
}

/// git's own words as the cause of an error.
package struct GitSaid: Error, CustomStringConvertible {
    private let text: String
    package var description: String { text }

    package init(text: String) { self.text = text }
}
