internal import Artifacts
internal import GitCore

#if canImport(Glibc)
    internal import Glibc
#endif

/// The secrets of one build as files that nobody else can read; what was written for it is gone when this is.
///
/// `bim.yml` names them; where each comes from is the pusher's own: the variable `BIM_SECRET_<NAME>` holds it, or
/// `git config bim.secret.<name>` names its file.
final class SecretFiles: Sendable {
    /// The path of the file by the secret's name.
    let paths: [String: String]
    private let folder: String?

    init(_ names: [String], _ location: RepositoryLocation) throws {
        guard !names.isEmpty else {
            (paths, folder) = ([:], nil)
            return
        }
        var template = Array(((location.environment["TMPDIR"] ?? "/tmp") + "/bim-secrets-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError(call: "mkdtemp", errno: errno) }
        let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        self.folder = folder
        var paths: [String: String] = [:]
        do {
            let configuration = try location.open().configuration()
            for name in names {
                if let value = location.environment[Self.variable(name)] {
                    paths[name] = try Self.write(value, to: "\(folder)/\(name)")
                } else if let path = configuration.string("bim.secret.\(name)"), access(path, R_OK) == 0 {
                    paths[name] = path
                } else {
                    throw BuildFailure(.secretMissing(name))
                }
            }
        } catch {
            Self.remove(folder, names)
            throw error
        }
        self.paths = paths
    }

    deinit { if let folder { Self.remove(folder, Array(paths.keys)) } }

    /// The variable that holds a secret; with `_FILE` behind it the one that tells a step outside of the sandbox its file.
    static func variable(_ name: String) -> String {
        "BIM_SECRET_" + name.uppercased().split(separator: "-", omittingEmptySubsequences: false).joined(separator: "_")
    }

    private static func write(_ value: String, to path: String) throws -> String {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SystemError(call: "open", path: path, errno: errno) }
        defer { close(file) }
        let bytes = Array(value.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw SystemError(call: "write", path: path, errno: errno)
        }
        return path
    }

    private static func remove(_ folder: String, _ names: [String]) {
        for name in names { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }
}
