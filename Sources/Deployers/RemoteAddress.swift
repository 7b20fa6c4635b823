package import Diagnostics
internal import HTTPTransport
package import PlatformAPI

/// What the address behind `bim::` means.
package enum RemoteAddress: Sendable, Equatable {
    /// `local/<app>`: the embedded platform on this machine.
    case embedded(app: String)
    /// `https://<host>/<user>/<app>`; `baseURL` is scheme, host and port.
    case api(baseURL: String, AppID)
    /// A git repository on this machine, which keeps what is pushed: a path, or a `file://` URL.
    case repository(path: String)

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
            self = .repository(path: String(address))
        } else if address.hasPrefix("file://") {
            guard let path = PercentEncoding.decode(address.dropFirst(7)), path.hasPrefix("/") else {
                throw Self.malformed(text)
            }
            self = .repository(path: path)
        } else if address.hasPrefix("cli:") || address.hasPrefix("ssh://") || address.contains("@") {
            throw UserError(
                .configInvalid,
                "'\(withoutCredentials(text))' is an address of a kind that this version does not know yet",
                hint: "use bim::local/<app> or bim::https://<host>/<user>/<app>")
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
        guard !parts[0].contains("@") else {
            throw UserError(
                .configInvalid, "the address holds credentials, which git would print",
                hint: "take them out, and say git bim login <remote>")
        }
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

    private static func malformed(_ text: String) -> UserError {
        UserError(
            .configInvalid, "'\(withoutCredentials(text))' is not an address of a bim remote",
            hint: "git remote set-url <remote> bim::local/<app>")
    }
}
