internal import FoundationEssentials

/// The environment in which a git of ours reaches the other end of a remote.
///
/// The token goes by the environment, never by an argument or a URL. `url.<base>.insteadOf` has done its work when git
/// calls us, and would otherwise lead a second time to us: the longest match wins, and that is the address itself.
package struct GitAccess: Sendable {
    private let settings: [(key: String, value: String)]

    package init(_ connection: PlatformConnection) {
        let token = connection.token.map { token in
            (
                key: "http.\(connection.gitURL).extraHeader",
                value: "Authorization: Basic \(Data("bim:\(token)".utf8).base64EncodedString())"
            )
        }
        // A proxy has no business between this machine and itself, and would get to see the token.
        let proxy = connection.isOnThisMachine ? [(key: "http.\(connection.gitURL).proxy", value: "")] : []
        settings =
            Self.unchanged(connection.gitURL) + proxy
            + [("push.gpgSign", "false"), ("credential.interactive", "false")] + (token.map { [$0] } ?? [])
    }

    /// - Parameter address: a path, or an address for ssh.
    package init(address: String) {
        // Advice is given by the git that called us.
        settings = Self.unchanged(address) + [("push.gpgSign", "false"), ("protocol.version", "0")]
    }

    private static func unchanged(_ url: String) -> [(key: String, value: String)] {
        [("url.\(url).insteadOf", url), ("url.\(url).pushInsteadOf", url)]
    }

    /// The variables with git's settings behind those that are there.
    package func environment(_ environment: [String: String]) -> [String: String] {
        var variables = environment
        let first = environment["GIT_CONFIG_COUNT"].flatMap { Int($0) } ?? 0
        for (offset, (key, value)) in settings.enumerated() {
            variables["GIT_CONFIG_KEY_\(first + offset)"] = key
            variables["GIT_CONFIG_VALUE_\(first + offset)"] = value
        }
        variables["GIT_CONFIG_COUNT"] = String(first + settings.count)
        variables["GIT_TERMINAL_PROMPT"] = "0"
        // What git says is read, too.
        variables["LC_ALL"] = "C"
        // A trace of git's may show headers and settings, which hold the token, only in their redacted form.
        for name in ["GIT_TRACE_REDACT", "GIT_TRACE2_CONFIG_PARAMS", "GIT_TRACE2_ENV_VARS"] { variables[name] = nil }
        return variables
    }
}
