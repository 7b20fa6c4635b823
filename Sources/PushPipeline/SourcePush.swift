internal import Deployers
internal import Diagnostics
internal import GitCore
internal import ProcessRunner

/// Sends a commit with its history to the platform's repository, under a ref that no clone sees.
///
/// git itself does it: it knows what is there already, shallow and partial clones, proxies and certificates.
struct SourcePush: Sendable {
    let location: RepositoryLocation
    let connection: PlatformConnection

    /// How often a push is tried: two of the same commit at once get in each other's way, and the later finds it there.
    private static let attempts = 3

    /// - Throws: `PLATFORM_UNAVAILABLE` with git's own words as cause.
    func send(_ id: ObjectID) async throws(UserError) {
        for attempt in 1... {
            let answer = try await push(id)
            if answer.status.isSuccess { return }
            guard attempt < Self.attempts else { throw failure(answer.errorText) }
            try? await Task.sleep(for: .milliseconds(200) * attempt)
        }
    }

    private func push(_ id: ObjectID) async throws(UserError) -> Captured {
        let command = Command(
            "git",
            [
                "push", "--quiet", "--no-verify", "--no-signed", "--recurse-submodules=no", connection.gitURL,
                "+\(id.hex):refs/bim/source/\(id.hex)",
            ], environment: GitAccess(connection).environment(location.environment), workingDirectory: location.folder)
        do {
            return try await command.capture(limit: 1 << 20, deadline: .seconds(1800))
        } catch let error as ProcessError where error.kind == .canceled {
            throw UserError(.interrupted, "interrupted while the source was being sent", hint: "push again")
        } catch {
            throw failure("\(error)")
        }
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

    private struct GitSaid: Error, CustomStringConvertible {
        let text: String
        var description: String { text }
    }
}

/// The environment in which git reaches the platform's repository: the token goes by the environment, never by an
/// argument or a URL.
struct GitAccess {
    private let connection: PlatformConnection

    init(_ connection: PlatformConnection) {
        self.connection = connection
    }

    func environment(_ environment: [String: String]) -> [String: String] {
        var variables = environment
        var settings = [("push.followTags", "false"), ("push.gpgSign", "false"), ("credential.interactive", "false")]
        if let token = connection.token {
            let basic = Base64.encode(Array("bim:\(token)".utf8))
            settings.append(("http.\(connection.gitURL).extraHeader", "Authorization: Basic \(basic)"))
        }
        let first = environment["GIT_CONFIG_COUNT"].flatMap { Int($0) } ?? 0
        for (offset, (key, value)) in settings.enumerated() {
            variables["GIT_CONFIG_KEY_\(first + offset)"] = key
            variables["GIT_CONFIG_VALUE_\(first + offset)"] = value
        }
        variables["GIT_CONFIG_COUNT"] = String(first + settings.count)
        variables["GIT_TERMINAL_PROMPT"] = "0"
        return variables
    }
}

/// RFC 4648 base64, as Basic authentication wants it.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for position in 0..<4 {
                text.append(
                    position <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * position) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
