#if canImport(Glibc)
    import Glibc
#endif

/// Lines that come one by one: each is written at once, also into a pipe.
enum StandardOutput {
    @Sendable static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { exit(0) }
        }
    }
}
