/// The name of an image: host, repository, and a tag or a digest (distribution-spec; Docker's rules for short names).
package struct ImageReference: Sendable, Equatable, CustomStringConvertible {
    package let host: String
    package let repository: String
    /// A tag, or a digest such as `sha256:…`.
    package let version: String

    /// Reads `python:3.12`, `ghcr.io/acme/base@sha256:…`, `localhost:5000/x`; nil for what is no reference.
    package init?(_ text: String) {
        var name = text[...]
        var version: Substring?
        if let at = name.firstIndex(of: "@") {
            version = name[name.index(after: at)...]
            name = name[..<at]
        }
        let lastPart = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
        if let colon = name[lastPart...].firstIndex(of: ":") {
            version = version ?? name[name.index(after: colon)...]
            name = name[..<colon]
        }
        let parts = name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let hasHost = parts.count == 2 && (parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost")
        let host = hasHost ? String(parts[0]) : "docker.io"
        var repository = hasHost ? String(parts[1]) : String(name)
        if host == "docker.io", !repository.contains("/") { repository = "library/" + repository }
        guard Self.isRepository(repository), Self.isVersion(version ?? "latest"), Self.isHost(host) else { return nil }
        self.host = host
        self.repository = repository
        self.version = String(version ?? "latest")
    }

    package var description: String {
        "\(host)/\(repository)\(version.contains(":") ? "@" : ":")\(version)"
    }

    private static func isHost(_ text: String) -> Bool {
        !text.isEmpty && text.first != ":" && text.utf8.allSatisfy { isWord($0) || ".-:".utf8.contains($0) }
    }

    private static func isRepository(_ text: String) -> Bool {
        text.utf8.count <= 255
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { isWord($0) || "._-".utf8.contains($0) } && part.first != "."
                    && part == part.lowercased()
            }
    }

    private static func isVersion(_ text: Substring) -> Bool {
        (1...135).contains(text.utf8.count) && text.utf8.allSatisfy { isWord($0) || "._-:".utf8.contains($0) }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "_")
    }
}
