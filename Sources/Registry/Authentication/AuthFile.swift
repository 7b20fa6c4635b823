internal import Artifacts
internal import FoundationEssentials

/// A file in which docker or podman keep credentials (containers-auth.json(5)); unknown fields are ignored.
struct AuthFile: Decodable, Sendable {
    struct Entry: Decodable, Sendable {
        let auth: String?
        let username: String?
        let password: String?
        let identitytoken: String?
        let registrytoken: String?
    }

    let auths: [String: Entry]?
    let credHelpers: [String: String]?
    let credsStore: String?

    /// Reads the file's text; docker's old `.dockercfg` is the content of `auths` alone.
    init(_ text: [UInt8], isOldForm: Bool = false) throws {
        if isOldForm {
            auths = try CanonicalJSON.decode([String: Entry].self, from: text)
            (credHelpers, credsStore) = (nil, nil)
        } else {
            self = try CanonicalJSON.decode(AuthFile.self, from: text)
        }
    }

    /// The credential helper for a host: its own, or the one for all.
    func helper(for host: String) -> String? {
        Self.names(of: host).lazy.compactMap { credHelpers?[$0] }.first { !$0.isEmpty }
            ?? credsStore.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The credential for a repository that stands in the file itself: the longest key that covers it wins.
    func credential(host: String, repository: String) -> Credential? {
        var path = repository.split(separator: "/").map(String.init)
        while true {
            let suffix = path.isEmpty ? "" : "/" + path.joined(separator: "/")
            for name in Self.names(of: host) {
                if let entry = entry(name + suffix), let credential = entry.credential { return credential }
            }
            guard path.popLast() != nil else { return nil }
        }
    }

    private func entry(_ name: String) -> Entry? {
        if let entry = auths?[name] { return entry }
        return auths?.first { Self.plain($0.key) == name }?.value
    }

    /// A key without scheme, version and final slash, as docker once wrote them.
    private static func plain(_ key: String) -> String {
        var text = key[...]
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) { text = text.dropFirst(scheme.count) }
        while text.last == "/" { text.removeLast() }
        for version in ["/v1", "/v2"] where text.hasSuffix(version) { text = text.dropLast(version.count) }
        return String(text)
    }

    /// The names under which the credentials of a host may be kept.
    static func names(of host: String) -> [String] {
        host == "docker.io" ? ["docker.io", "index.docker.io", "registry-1.docker.io"] : [host]
    }

    /// What a credential helper is asked for.
    static func serverURL(of host: String) -> String {
        host == "docker.io" ? "https://index.docker.io/v1/" : host
    }
}

extension AuthFile.Entry {
    var credential: Credential? {
        if let registrytoken, !registrytoken.isEmpty { return .bearer(token: registrytoken) }
        if let identitytoken, !identitytoken.isEmpty { return .identity(token: identitytoken) }
        if let auth, let data = Data(base64Encoded: auth), let text = String(validating: data, as: UTF8.self) {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else { return nil }
            return .basic(user: String(parts[0]), password: String(parts[1].prefix { $0 != "\0" }))
        }
        if let username, let password, !username.isEmpty { return .basic(user: username, password: password) }
        return nil
    }
}
