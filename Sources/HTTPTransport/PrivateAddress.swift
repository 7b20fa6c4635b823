internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#endif

/// Addresses that are meant for one machine or one network alone, or for no single receiver at all (RFC 6890).
package enum PrivateAddress {
    /// Whether the four bytes of an IPv4 address name such a place.
    package static func contains(ipv4 bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
        return switch (bytes[0], bytes[1]) {
        case (0, _), (10, _), (127, _), (169, 254), (192, 168): true
        case (172, 16...31), (100, 64...127): true
        default: bytes[0] >= 224
        }
    }

    /// Whether the sixteen bytes of an IPv6 address name such a place, in its own or an IPv4 address's name.
    package static func contains(ipv6 bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
        if bytes[..<10].allSatisfy({ $0 == 0 }) {
            // `::`, `::1`, and IPv4 addresses in IPv6's clothes.
            return bytes[10] == 0xff && bytes[11] == 0xff ? contains(ipv4: bytes[12...]) : true
        }
        // Translated to IPv4 on the way (RFC 6052), or sent through it (RFC 3056).
        if bytes.starts(with: [0x00, 0x64, 0xff, 0x9b]) { return contains(ipv4: bytes[12...]) }
        if bytes.starts(with: [0x20, 0x02]) { return contains(ipv4: bytes[2..<6]) }
        return bytes[0] & 0xfe == 0xfc || (bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80) || bytes[0] == 0xff
    }

    /// Whether a host that is written as an address names such a place, in any spelling that a resolver takes for one;
    /// nil for a name.
    package static func contains(host: String) -> Bool? {
        if host.hasPrefix("[") {
            var address = in6_addr()
            guard inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1 else { return true }
            return withUnsafeBytes(of: address) { contains(ipv6: $0) }
        }
        var address = in_addr()
        // It takes every spelling, such as `0x7f.1`.
        guard inet_aton(host, &address) == 1 else { return nil }
        return withUnsafeBytes(of: address) { contains(ipv4: $0) }
    }

    /// Whether a connection leads to such a place; one whose other end is not known counts as private.
    static func contains(_ address: SocketAddress?) -> Bool {
        guard let address, let text = address.ipAddress else { return true }
        return contains(host: address.protocol == .inet6 ? "[\(text)]" : text) ?? true
    }
}
