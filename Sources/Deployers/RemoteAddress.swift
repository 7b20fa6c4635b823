package import Diagnostics
internal import HTTPTransport
package import PlatformAPI

/// What the address behind `bim::` means.
package enum RemoteAddress: Sendable, Equatable {
    /// `local/<app>`: the embedded platform on this machine.
    case embedded(app: String)
    /// `https://<host>/<user>/<app>`; `baseURL` is scheme, host and port.
    case api(baseURL: String, AppID)
    /// A git repository that git itself reaches: a path on this machine, or an address for ssh as git takes it.
    case repository(at: String)
    /// `cli:<name>/<user>/<app>`: a command of the user's deploys.
    case command(name: String, AppID)

    /// Reads the address as git hands it to the remote helper, with or without `bim::` in front.
    ///
    /// - Throws: `CONFIG_INVALID` for what is no address, has credentials in it, or is `http` to another machine.
    package init(_ text: String) throws(UserError) {
        var address = text[...]
        if address.hasPrefix("bim::") { address = address.dropFirst(5) }
        if address.hasPrefix("bim://") { address = "https://" + address.dropFirst(6) }
        if address.hasPrefix("local/") {
            self = .embedded(app: try Self.name(address.dropFirst(6), in: text))
        } else if address.hasPrefix("https://") || address.hasPrefix("http://") {
            self = try Self.api(address, text)
        } else if Self.isPath(address) {
            self = .repository(at: String(address))
        } else if address.hasPrefix("file://") {
            guard let path = PercentEncoding.decode(address.dropFirst(7)), path.hasPrefix("/") else {
                throw Self.malformed(text)
            }
            self = .repository(at: path)
        } else if address.hasPrefix("cli:") {
            let parts = address.dropFirst(4).split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 3 else { throw Self.malformed(text, like: "bim::cli:<command>/<user>/<app>") }
            let app = AppID(user: try Self.name(parts[1], in: text), app: try Self.name(parts[2], in: text))
            self = .command(name: try Self.name(parts[0], in: text), app)
        } else if let ssh = SSHAddress(String(address)) {
            guard ssh.user?.contains(":") != true else { throw Self.credentials }
            self = .repository(at: String(address))
        } else {
            throw Self.malformed(text)
        }
    }

    /// A path is told from other addresses by its first character; a name alone is none.
    private static func isPath(_ address: Substring) -> Bool {
        address.hasPrefix("/") || address == "." || address == ".." || address.hasPrefix("./")
            || address.hasPrefix("../")
    }

    private static func api(_ address: Substring, _ text: String) throws(UserError) -> RemoteAddress {
        let isSecure = address.hasPrefix("https://")
        let parts = address.drop { $0 != ":" }.dropFirst(3).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty else { throw malformed(text) }
        guard !parts[0].contains("@") else { throw credentials }
        guard isSecure || Loopback.contains(hostOf: String(address)) else {
            throw UserError(
                .configInvalid, "'\(withoutCredentials(text))' would send the token in the clear",
                hint: "use https instead of http")
        }
        let app = parts[2].hasSuffix(".git") ? parts[2].dropLast(4) : parts[2]
        let id = AppID(user: try name(parts[1], in: text), app: try name(app, in: text))
        return .api(baseURL: "\(isSecure ? "https" : "http")://\(parts[0])", id)
    }

    private static func name(_ part: Substring, in text: String) throws(UserError) -> String {
        guard AppID.isValidName(String(part)) else {
            throw UserError(
                .configInvalid, "'\(part)' in '\(withoutCredentials(text))' cannot be a name",
                hint: "use at most 40 lower-case letters, digits and hyphens")
        }
        return String(part)
    }

    private static func malformed(_ text: String, like form: String = "bim::local/<app>") -> UserError {
        UserError(
            .configInvalid, "'\(withoutCredentials(text))' is not an address of a bim remote",
            hint: "git remote set-url <remote> \(form)")
    }

    private static var credentials: UserError {
        UserError(
            .configInvalid, "the address holds credentials, which git would print",
            hint: "take them out; a token goes into BIM_TOKEN or git credential, a key into ssh's configuration")
    }
}
