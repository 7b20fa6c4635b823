import Foundation

/// Other people's programs, found on the path or where Debian puts servers.
enum Tool {
    struct Failure: Error {
        let command: [String]
        let output: String
    }

    private static let path = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"

    /// Whether a test with these programs is to run: where they are, and in CI in any case, so that it fails there.
    static func canRun(_ names: String...) -> Bool {
        ProcessInfo.processInfo.environment["CI"] != nil
            || names.allSatisfy { name in
                path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
            }
    }

    fileprivate static func process(_ command: [String], in folder: String, log: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ["PATH": path, "HOME": folder, "LC_ALL": "C.UTF-8"]
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let output = FileHandle(forWritingAtPath: log)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        return process
    }

    /// Runs a program to its end; throws with what it said when it fails.
    static func run(_ command: [String], in folder: String) throws {
        let log = "\(folder)/\(UUID().uuidString).log"
        let process = try process(command, in: folder, log: log)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(command: command, output: (try? String(contentsOfFile: log, encoding: .utf8)) ?? "")
        }
    }
}

/// A server program that lives as long as this, and takes connections from the start.
final class ServerProcess {
    private let process: Process

    /// - Parameter port: where it listens once it is up.
    init(_ command: [String], in folder: String, port: Int) async throws {
        let log = "\(folder)/\(command[0]).log"
        process = try Tool.process(command, in: folder, log: log)
        while !Self.answers(port) {
            guard process.isRunning else {
                throw Tool.Failure(command: command, output: (try? String(contentsOfFile: log, encoding: .utf8)) ?? "")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    deinit {
        // Not every server heeds the gentler signal at once.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    private static func answers(_ port: Int) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// A port that nobody listens on at this moment.
    static func freePort() -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(socket, $0, length)
                _ = getsockname(socket, $0, &length)
            }
        }
        return Int(in_port_t(bigEndian: address.sin_port))
    }
}
