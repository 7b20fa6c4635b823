internal import HTTPTransport

#if canImport(Glibc)
    internal import Glibc
#endif

/// An absolute `http` or `https` URL, as far as it takes to decide what may be sent there.
struct WebAddress: Equatable {
    let scheme: String
    /// In lower case; an IPv6 address in brackets.
    let host: String
    let port: Int
    let text: String

    /// Reads a URL; nil for other schemes, for one without a host, and for one with a user in it.
    init?(_ text: String) {
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
        if host.hasPrefix("[") {
            var address = in6_addr()
            guard inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1 else { return true }
            return withUnsafeBytes(of: address) { Self.isPrivate(ipv6: Array($0)) }
        }
        var address = in_addr()
        // inet_aton takes every spelling that a resolver would take for an address, such as `0x7f.1`.
        guard inet_aton(host, &address) == 1 else { return false }
        return withUnsafeBytes(of: address) { Self.isPrivate(ipv4: Array($0)) }
    }

    private static func isPrivate(ipv4 bytes: [UInt8]) -> Bool {
        switch (bytes[0], bytes[1]) {
        case (0, _), (10, _), (127, _), (169, 254), (192, 168): true
        case (172, 16...31), (100, 64...127): true
        default: bytes[0] >= 224
        }
    }

    private static func isPrivate(ipv6 bytes: [UInt8]) -> Bool {
        if bytes[..<10].allSatisfy({ $0 == 0 }) {
            // `::`, `::1`, and IPv4 addresses in IPv6's clothes.
            let rest = Array(bytes[12...])
            if bytes[10] == 0xff, bytes[11] == 0xff { return isPrivate(ipv4: rest) }
            return true
        }
        return bytes[0] & 0xfe == 0xfc || (bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80) || bytes[0] == 0xff
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
