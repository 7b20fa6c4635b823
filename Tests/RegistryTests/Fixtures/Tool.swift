import Foundation

/// Other people's programs, found on the path.
enum Tool {
    struct Failure: Error {
        let command: [String]
        let status: Int32
        let output: String
    }

    /// Whether a test with these programs is to run: where they are, and in CI in any case, so that it fails there.
    static func canRun(_ names: String...) -> Bool {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return ProcessInfo.processInfo.environment["CI"] != nil
            || names.allSatisfy { name in
                folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
            }
    }

    /// Returns what the program writes to its standard output; throws when it fails.
    @discardableResult
    static func run(_ command: [String], in folder: String, _ variables: [String: String] = [:]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        // Files, not pipes: no amount of output can block.
        let name = "\(folder)/\(UUID().uuidString)"
        for path in ["\(name).out", "\(name).err"] { try Data().write(to: URL(fileURLWithPath: path)) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: "\(name).out")
        process.standardError = FileHandle(forWritingAtPath: "\(name).err")
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let output = try String(contentsOfFile: "\(name).err", encoding: .utf8)
            throw Failure(command: command, status: process.terminationStatus, output: output)
        }
        return try String(contentsOfFile: "\(name).out", encoding: .utf8)
    }
}

/// A server program that lives as long as this; its input ends when the tests do, in whatever way.
final class ServerProcess: @unchecked Sendable {
    private let process = Process()
    private let input = Pipe()
    /// What stands behind the words that the program says when it listens.
    let announced: String

    struct NotStarted: Error {
        let output: String
    }

    init(_ command: [String], in folder: String, _ variables: [String: String] = [:], until words: String) throws {
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        process.standardInput = input
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        var output = ""
        while true {
            let data = pipe.fileHandleForReading.availableData
            guard !data.isEmpty else { throw NotStarted(output: output) }
            output += String(decoding: data, as: UTF8.self)
            if let found = output.range(of: words),
                let end = output[found.upperBound...].firstIndex(where: { " ,\"\n".contains($0) })
            {
                announced = String(output[found.upperBound..<end])
                break
            }
        }
        pipe.fileHandleForReading.readabilityHandler = { handle in
            if handle.availableData.isEmpty { handle.readabilityHandler = nil }
        }
    }

    /// Asks the server to end, and waits until it has.
    func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    deinit {
        guard process.isRunning else { return }
        // Not every server heeds the gentler signal.
        kill(process.processIdentifier, SIGKILL)
    }
}
