#if canImport(Glibc)
    internal import Glibc
#endif

/// Reads files of settings and secrets.
enum SmallFile {
    /// The bytes of a file of at most 4 MiB; nil when it cannot be read.
    static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= 4 << 20 {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
        return nil
    }

    /// The text of a file without white space around it; nil when it cannot be read or is no text.
    static func text(_ path: String) -> String? {
        guard let bytes = read(path), let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var trimmed = text.drop { $0.isWhitespace }
        while trimmed.last?.isWhitespace == true { trimmed.removeLast() }
        return String(trimmed)
    }
}
