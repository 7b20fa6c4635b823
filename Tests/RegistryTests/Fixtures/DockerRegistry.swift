import TestPeers
import Foundation

/// Debian's docker-registry with its store in the cargo's folder.
final class DockerRegistry: Sendable {
    private let server: ServerProcess
    var host: String { "localhost:\(server.announced)" }

    /// - Parameters:
    ///   - extra: more lines of its configuration.
    ///   - http: more settings of how it listens.
    init(_ cargo: Cargo, _ extra: String = "", http: String = "") throws {
        try cargo.write(
            """
            version: 0.1
            log: {level: info, formatter: text}
            storage: {filesystem: {rootdirectory: \(cargo.folder)/store}}
            http: {addr: "127.0.0.1:0"\(http)}
            \(extra)
            """, to: "registry.yml")
        server = try ServerProcess(
            ["docker-registry", "serve", "registry.yml"], in: cargo.folder, until: "listening on 127.0.0.1:")
    }
}
