internal import HTTPTransport

/// An absolute `http` or `https` URL, as far as it takes to decide what may be sent there.
package struct WebAddress: Equatable {
    package let scheme: String
    /// In lower case; an IPv6 address in brackets.
    package let host: String
    package let port: Int
    let text: String

    /// Reads a URL; nil for other schemes, for one without a host, and for one with a user in it.
    package init?(_ text: String) {
        guard let colon = text.firstRange(of: "://") else { return nil }
        scheme = text[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let authority = text[colon.upperBound...].prefix { !"/?#\\".contains($0) }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        var name = authority
        var port: Int?
        if let last = authority.lastIndex(of: ":"), !authority[last...].contains("]") {
            port = Int(authority[authority.index(after: last)...])
            guard port != nil else { return nil }
            name = authority[..<last]
        }
        guard !name.isEmpty else { return nil }
        host = name.lowercased()
        self.port = port ?? (scheme == "https" ? 443 : 80)
        self.text = text
    }

    func hasOrigin(of other: WebAddress) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// Whether the host is an address that is meant for this machine or this network alone, in any spelling.
    var isPrivate: Bool {
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        return PrivateAddress.contains(host: host) ?? false
    }

    /// Where a registry sends a client: `location` as it stands in an answer from this address.
    ///
    /// - Throws: ``Refused`` when it leads from `https` to the clear, or to a private address of another host.
    func following(_ location: String) throws(Refused) -> WebAddress {
        let absolute: String
        if location.hasPrefix("//") {
            absolute = "\(scheme):\(location)"
        } else if location.hasPrefix("/") {
            absolute = base + location
        } else if location.contains("://") {
            absolute = location
        } else {
            let path = text.split(separator: "?", maxSplits: 1)[0]
            absolute = path[..<(path.lastIndex(of: "/") ?? path.endIndex)] + "/" + location
        }
        guard var target = WebAddress(absolute) else { throw Refused(why: "'\(location)' is no address") }
        if scheme == "https", target.scheme == "http" {
            // Behind a proxy a registry may not know how it is spoken to; its own host is meant then.
            guard target.host == host, let same = WebAddress(base + target.path) else {
                throw Refused(why: "it leads from https to the clear at '\(target.host)'")
            }
            target = same
        }
        if target.host != host, target.isPrivate {
            throw Refused(why: "it leads to the private address '\(target.host)'")
        }
        return target
    }

    /// Why an address is not gone to.
    struct Refused: Error, Equatable {
        let why: String
    }

    /// Host and port as the `Host` header names them: without the port that the scheme has anyway.
    var authority: String { host + (port == (scheme == "https" ? 443 : 80) ? "" : ":\(port)") }

    /// The address without its path.
    var base: String { "\(scheme)://\(authority)" }

    private var path: Substring {
        guard let start = text.firstRange(of: "://") else { return "/" }
        let rest = text[start.upperBound...]
        return rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
    }
}
