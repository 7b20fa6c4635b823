import Dispatch
import Foundation

/// A server program that lives as long as this; its input ends when the tests do, in whatever way.
package final class ServerProcess: @unchecked Sendable {
    private let process = Process()
    private let input = Pipe()
    /// What stands behind the words that the program says when it listens.
    package let announced: String

    package struct NotStarted: Error {
        package let output: String
    }

    /// How long a program may take until it listens.
    private static let deadline = DispatchTimeInterval.seconds(60)

    /// - Parameter words: what the program says when it listens.
    /// - Throws: ``NotStarted`` with all that it has said, when it ends or the time is over before that.
    package init(
        _ command: [String], in folder: String, _ variables: [String: String] = [:], until words: String
    ) throws {
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = Tool.environment.merging(variables) { $1 }
        process.standardInput = input
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        // What has ended says nothing more, which ends the reading.
        let killer = DispatchWorkItem { [id = process.processIdentifier] in kill(id, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.deadline, execute: killer)
        defer { killer.cancel() }
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
    package func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    deinit {
        guard process.isRunning else { return }
        // Not every server heeds the gentler signal.
        kill(process.processIdentifier, SIGKILL)
    }
}
