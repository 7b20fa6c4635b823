#if canImport(Glibc)
    internal import Glibc
#endif

/// TCP ports of the loopback address.
enum LoopbackPort {
    /// No port is left on this machine.
    struct Exhausted: Error {}

    /// A port that nobody listens on now, from the system's own range.
    static func free() throws(Exhausted) -> Int {
        guard let port = bind(0) else { throw Exhausted() }
        return port
    }

    /// Whether nobody listens on the port now.
    static func isFree(_ port: Int) -> Bool { bind(port) != nil }

    /// The port that could be bound for a moment, or nil.
    private static func bind(_ port: Int) -> Int? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // As servers do: connections that are only waiting to be forgotten are no listeners.
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        return isBound ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }
}
