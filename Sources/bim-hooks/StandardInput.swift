#if canImport(Glibc)
    import Glibc
#endif

/// What git writes to a hook.
enum StandardInput {
    /// Reads to the end; a standard input that is closed counts as empty.
    static func all() -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
