internal import Deployers
internal import Diagnostics
internal import GitCore
internal import ProcessRunner

/// Fetch, clone and ls-remote: git's own HTTP helper, with the bytes passed through untouched both ways.
struct FetchPassThrough: Sendable {
    let channel: GitChannel
    let connection: PlatformConnection
    let location: RepositoryLocation
    let remote: String

    /// Hands the session over from `firstLine` on, after telling the helper the options that git has given so far.
    ///
    /// - Returns: the helper's exit status.
    func run(options: [[UInt8]], firstLine: [UInt8]) async throws -> Int32 {
        let name = remote.contains(":") ? connection.gitURL : remote
        let scheme = connection.baseURL.hasPrefix("https:") ? "https" : "http"
        let command = Command(
            "git", ["remote-\(scheme)", name, connection.gitURL],
            environment: GitAccess(connection).environment(location.environment), workingDirectory: location.folder)
        let (_, status) = try await command.converse(deadline: nil, errorOutput: .inherit) { helper in
            var output = helper.output.makeAsyncIterator()
            var rest: [UInt8] = []
            for option in options {
                try await helper.write(option + [UInt8(ascii: "\n")])
                rest = try await Self.skipLine(rest, &output)
            }
            if !rest.isEmpty { channel.write(rest) }
            try await helper.write(firstLine + [UInt8(ascii: "\n")])
            try await GitRelay.pass(channel, helper, &output)
        }
        return status == .exited(0) ? 0 : 128
    }

    /// Takes one line off the helper's output: the answer to an option, which git has had from us already.
    private static func skipLine(
        _ begin: [UInt8], _ output: inout Conversation.Chunks.Iterator
    ) async throws -> [UInt8] {
        var bytes = begin
        while true {
            if let newline = bytes.firstIndex(of: UInt8(ascii: "\n")) { return Array(bytes[(newline + 1)...]) }
            guard let chunk = try await output.next() else { return [] }
            bytes += chunk
        }
    }
}
