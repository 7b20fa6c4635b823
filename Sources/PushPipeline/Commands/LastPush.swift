internal import Artifacts
internal import Diagnostics
internal import GitCore

#if canImport(Glibc)
    internal import Glibc
#endif

/// How the last push of this repository ended, as far as a command acts upon it.
struct LastPush: Decodable, Sendable {
    let run: String
    let ok: Bool
    let code: ErrorCode?

    /// Reads `<git common dir>/bim/last-push.json`; nil where there is none.
    static func read(_ location: RepositoryLocation) -> LastPush? {
        guard let folder = try? location.open().commonDirectory else { return nil }
        let descriptor = open("\(folder)/bim/last-push.json", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return try? CanonicalJSON.decode(LastPush.self, from: bytes[..<max(count, 0)])
    }
}
