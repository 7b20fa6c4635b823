/// A proxy that connections are made through; what is encrypted stays so, as it is asked to `CONNECT` alone.
package struct HTTPProxy: Hashable, Sendable {
    /// What a proxy speaks.
    package enum Kind: Hashable, Sendable {
        case http, socks
    }

    package let kind: Kind
    package let host: String
    package let port: Int
    package var user: String?
    package var password: String?

    /// Reads `[scheme://][user[:password]@]host[:port]` as curl does: without a scheme it is an HTTP proxy, without a port
    /// the port is 1080; user and password may be percent-encoded.
    ///
    /// - Returns: nil for another scheme, such as a proxy that wants to be spoken to over TLS, and for what is no address.
    package init?(_ text: String) {
        var rest = text[...]
        var scheme = "http"
        if let separator = text.firstRange(of: "://") {
            scheme = text[..<separator.lowerBound].lowercased()
            rest = text[separator.upperBound...]
        }
        switch scheme {
        case "http": kind = .http
        case "socks", "socks5", "socks5h": kind = .socks
        default: return nil
        }
        rest = rest.prefix { $0 != "/" }
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = PercentEncoding.decode(parts[0])
            password = parts.count > 1 ? PercentEncoding.decode(parts[1]) : nil
            rest = rest[rest.index(after: at)...]
        }
        let name = rest.hasPrefix("[") ? rest.prefix { $0 != "]" }.dropFirst() : rest.prefix { $0 != ":" }
        let end = rest.hasPrefix("[") ? rest.dropFirst(name.count + 2) : rest.dropFirst(name.count)
        guard !name.isEmpty, end.isEmpty || end.first == ":" else { return nil }
        guard let port = end.count > 1 ? Int(end.dropFirst()) : 1080, (1...65535).contains(port) else { return nil }
        host = String(name)
        self.port = port
    }

    /// Whether a list such as `no_proxy` holds a host, as curl reads it: names stand for their subdomains too, `*` for all.
    package static func isExempt(_ host: some StringProtocol, in list: String) -> Bool {
        let host = host.lowercased()
        if list.filter({ !$0.isWhitespace }) == "*" { return true }
        return list.lowercased().split { $0 == "," || $0.isWhitespace }.contains { entry in
            let name = entry.hasPrefix(".") ? entry.dropFirst() : entry
            return !name.isEmpty && (host == name || host.hasSuffix(".\(name)"))
        }
    }
}
