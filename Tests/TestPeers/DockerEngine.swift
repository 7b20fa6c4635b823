import Foundation

/// A folder whose name leaves room below it: engines' paths of sockets may not be long.
package final class ShortFolder: Sendable {
    package let path: String

    package init() throws {
        path = NSTemporaryDirectory() + "bim-\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A dockerd of its own: nothing of the machine's network, store or sockets is touched.
package final class DockerEngine: Sendable {
    /// It takes root; in CI in any case, so that it fails there.
    package static var canRun: Bool { Tool.canRun("docker", "dockerd") && (geteuid() == 0 || Tool.isInCI) }

    private let store: ShortFolder
    private let server: ServerProcess

    /// Where its clients find it.
    package var host: String { "unix://\(store.path)/sock" }

    /// - Parameter storageDriver: nil leaves the choice to the engine.
    package init(storageDriver: String? = nil) throws {
        let store = try ShortFolder()
        let folder = store.path
        server = try ServerProcess(
            [
                "dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--data-root", "\(folder)/data",
                "--exec-root", "\(folder)/x", "--pidfile", "\(folder)/pid", "--host", "unix://\(folder)/sock",
            ] + (storageDriver.map { ["--storage-driver", $0] } ?? []), in: folder, until: "API listen on ")
        self.store = store
    }

    deinit {
        // Asked to stop it ends the processes and mounts of its own.
        server.stop()
    }

    @discardableResult
    package func run(_ arguments: [String]) throws -> String {
        try Tool.run(
            ["docker"] + arguments, in: store.path,
            ["DOCKER_HOST": host, "HOME": store.path, "DOCKER_CONFIG": store.path])
    }
}
