internal import Glibc

extension Repository {
    /// Whether history was cut off by a shallow clone or fetch.
    public var isShallow: Bool { !shallowBoundary().isEmpty }

    /// The commits whose parents were left out, read from the file that all worktrees share (gitformat “shallow”).
    func shallowBoundary() -> Set<ObjectID> {
        guard let text = contents(ofFile: "\(commonDirectory)/shallow") else { return [] }
        let lines = text.split(separator: UInt8(ascii: "\n"))
        return Set(lines.compactMap { ObjectID(hex: String(decoding: $0, as: UTF8.self)) })
    }
}

/// The bytes of a small file, or nil when it cannot be read.
func contents(ofFile path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { return nil }
        guard count > 0 else { return bytes }
        bytes += buffer[..<count]
    }
}
