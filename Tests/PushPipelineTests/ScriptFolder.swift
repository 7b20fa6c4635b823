import Foundation
import Testing

/// A folder of a test's own, in which it runs shell scripts with a git that knows nothing of this machine.
final class ScriptFolder: Sendable {
    let path: String

    /// Makes the folder and runs `script` in it.
    init(_ script: String = ":") throws {
        path = NSTemporaryDirectory() + "bim-pipeline-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try run(script)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var environment: [String: String] {
        [
            "HOME": path, "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b",
        ]
    }

    /// Runs a shell script that must succeed, and gives what it prints without the last line end.
    @discardableResult
    func run(_ script: String) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-ec", script]
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        process.standardOutput = pipe
        process.environment = environment
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(script)")
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}
