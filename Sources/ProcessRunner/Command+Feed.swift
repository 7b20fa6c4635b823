import Subprocess
import SystemPackage

/// The standard input of a running program; valid inside the closure that received it alone.
package struct ProgramInput: Sendable {
    private let writer: StandardInputWriter
    private let command: String

    fileprivate init(writer: StandardInputWriter, command: String) {
        self.writer = writer
        self.command = command
    }

    /// Writes all bytes, waiting while the program does not read.
    ///
    /// - Throws: `ProcessError` with `inputClosed` when the program went away or stopped reading for good.
    package func write(_ bytes: [UInt8]) async throws(ProcessError) {
        if bytes.isEmpty { return }
        guard let count = try? await writer.write(bytes), count == bytes.count else {
            throw ProcessError(.inputClosed, command: command)
        }
    }
}

extension Command {
    /// Runs the program as `streamMerged(deadline:onStart:_:)` does, while `feed` writes its standard input.
    ///
    /// A program that does not read its whole input is no error: its status says how it went. What else `feed` throws is
    /// thrown when the program has ended, which it does for want of input.
    package func streamMerged(
        deadline: Duration?, feeding feed: @escaping @Sendable (ProgramInput) async throws -> Void,
        _ onLine: @escaping @Sendable (String) async -> Void
    ) async throws -> ExitStatus {
        let name = name
        let (_, status) = try await supervise(
            input: .inputWriter, output: .sequence, error: .combinedWithOutput, deadline: deadline
        ) { execution in
            async let fed: Void = Self.feed(execution.standardInputWriter, name: name, feed)
            try await Self.lines(of: execution.standardOutput, onLine)
            try await fed
        }
        return status
    }

    private static func feed(
        _ writer: StandardInputWriter, name: String, _ feed: @Sendable (ProgramInput) async throws -> Void
    ) async throws {
        let result: Result<Void, any Error>
        do {
            try await feed(ProgramInput(writer: writer, command: name))
            result = .success(())
        } catch let error as ProcessError where error.kind == .inputClosed {
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try? await writer.finish()
        try result.get()
    }
}
