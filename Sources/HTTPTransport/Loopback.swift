/// The addresses of this machine itself, to which nothing need be encrypted (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3).
package enum Loopback {
    /// Whether a host, without its port, is this machine: `localhost`, `[::1]`, or four numbers that begin with 127.
    package static func contains(_ host: some StringProtocol) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { UInt8($0) != nil && $0.first?.isNumber == true }
    }

    /// Whether a URL leads to this machine.
    package static func contains(hostOf url: String) -> Bool { contains(host(of: url)) }

    /// The host in a URL, without its port; an IPv6 address keeps its brackets.
    package static func host(of url: String) -> Substring {
        let authority = url.drop { $0 != "/" }.drop { $0 == "/" }.prefix { !"/?#".contains($0) }
        return authority.hasPrefix("[")
            ? authority.prefix(
                upTo: authority.firstIndex(of: "]").map { authority.index(after: $0) } ?? authority.endIndex)
            : authority.prefix { $0 != ":" }
    }
}
