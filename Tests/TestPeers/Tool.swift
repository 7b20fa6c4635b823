import Foundation

/// Other people's programs, found on the path or where Debian puts servers.
package enum Tool {
    package struct Failure: Error {
        package let command: [String]
        package let status: Int32
        package let output: String
    }

    /// Whether nothing may be missing.
    package static var isInCI: Bool { ProcessInfo.processInfo.environment["CI"] == "true" }

    /// The user's variables, with the folders of servers behind those of the path.
    static var environment: [String: String] {
        var variables = ProcessInfo.processInfo.environment
        variables["PATH"] = (variables["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
        return variables
    }

    /// Whether a test with these programs is to run: where they are, and in CI in any case, so that it fails there.
    package static func canRun(_ names: String...) -> Bool {
        let folders = (environment["PATH"] ?? "").split(separator: ":")
        return isInCI
            || names.allSatisfy { name in
                folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
            }
    }

    /// Returns what the program writes to its standard output; throws when it fails.
    @discardableResult
    package static func run(_ command: [String], in folder: String, _ variables: [String: String] = [:]) throws
        -> String
    {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = environment.merging(variables) { $1 }
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
