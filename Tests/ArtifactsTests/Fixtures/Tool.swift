import Foundation

/// Runs other people's programs, found on the path, to check that they read what bim writes.
enum Tool {
    struct Failure: Error {
        let command: [String]
        let status: Int32
        let output: String
    }

    /// Returns what the program writes to its standard output; throws when it fails.
    static func run(_ command: [String], input: [UInt8] = []) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["LC_ALL=C", "TZ=UTC"] + command
        // Files, not pipes: no amount of output can block.
        let source = try folder.write(input, to: "in")
        let target = try folder.write([], to: "out")
        let errors = try folder.write([], to: "err")
        process.standardInput = FileHandle(forReadingAtPath: source)
        process.standardOutput = FileHandle(forWritingAtPath: target)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let output = String(decoding: try bytes(of: errors), as: UTF8.self)
            throw Failure(command: command, status: process.terminationStatus, output: output)
        }
        return try bytes(of: target)
    }
}
