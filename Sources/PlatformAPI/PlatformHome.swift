package import Diagnostics
internal import FoundationEssentials

#if canImport(Glibc)
    internal import Glibc
#endif

/// Where the embedded platform lies in a user's folders, and the files through which a client finds it.
///
/// Follows the XDG base directory specification: data in `$XDG_DATA_HOME/bim/platform`, its log in
/// `$XDG_STATE_HOME/bim`.
package struct PlatformHome: Sendable, Equatable {
    /// What a running platform tells its clients: where it listens.
    package struct Endpoint: Codable, Sendable, Equatable {
        package var processID: Int32
        package var host: String
        package var port: Int

        package init(processID: Int32, host: String, port: Int) {
            self.processID = processID
            self.host = host
            self.port = port
        }

        package var url: String { "http://\(host):\(port)" }

        enum CodingKeys: String, CodingKey {
            case processID = "pid"
            case host, port
        }
    }

    /// The folder that holds everything the platform keeps.
    package let folder: String
    /// The file that the platform's own messages go to.
    package let logFile: String

    package init(folder: String, logFile: String) {
        self.folder = folder
        self.logFile = logFile
    }

    /// The places of the user whom the environment describes.
    ///
    /// - Throws: `PLATFORM_UNAVAILABLE` when neither HOME nor the XDG variables say where.
    package init(environment: [String: String]) throws(UserError) {
        func base(_ variable: String, _ fallback: String) throws(UserError) -> String {
            if let value = environment[variable], value.hasPrefix("/") { return value }
            guard let home = environment["HOME"], home.hasPrefix("/") else {
                throw UserError(
                    .platformUnavailable, "'HOME' is not set, so the embedded platform has no place for its data",
                    hint: "export HOME=<your home folder>")
            }
            return home + "/" + fallback
        }
        folder = try base("XDG_DATA_HOME", ".local/share") + "/bim/platform"
        logFile = try base("XDG_STATE_HOME", ".local/state") + "/bim/platform.log"
    }

    package var tokenFile: String { folder + "/token" }
    package var endpointFile: String { folder + "/endpoint.json" }
    /// Held by the one running platform; the kernel lets go of it however the platform ends.
    package var lockFile: String { folder + "/lock" }
    package var ledgerFile: String { folder + "/ledger.sqlite" }
    package var repositories: String { folder + "/repositories" }
    package var registry: String { folder + "/registry" }
    package var releases: String { folder + "/releases" }
    package var logs: String { folder + "/logs" }

    /// The endpoint that a running platform wrote, or nil when there is none.
    package func endpoint() -> Endpoint? {
        guard let bytes = Self.read(endpointFile) else { return nil }
        return try? JSONDecoder().decode(Endpoint.self, from: Data(bytes))
    }

    /// The token that opens the platform, or nil when it has not been made.
    package func token() -> String? {
        guard let bytes = Self.read(tokenFile) else { return nil }
        let token = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        return token.isEmpty ? nil : token
    }

    /// Whether some process holds the lock, that is: whether a platform runs or is about to.
    package func isLocked() -> Bool {
        let descriptor = open(lockFile, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    /// Small files only; nil when the file cannot be read.
    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : Array(bytes[..<count])
    }
}
