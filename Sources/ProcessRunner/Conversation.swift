import Subprocess
import SystemPackage

/// Bytes both ways with a running program; valid inside the closure that received it alone.
package struct Conversation: Sendable {
    private let writer: StandardInputWriter
    private let command: String

    /// What the program writes to its standard output; may be read once.
    package let output: Chunks

    init(writer: StandardInputWriter, output: SubprocessOutputSequence, command: String) {
        self.writer = writer
        self.output = Chunks(base: output)
        self.command = command
    }

    /// Writes all bytes, waiting while the program does not read.
    ///
    /// - Throws: `ProcessError` with `inputClosed` when the program went away or stopped reading for good.
    package func write(_ bytes: [UInt8]) async throws(ProcessError) {
        do {
            let count = try await writer.write(bytes)
            if count == bytes.count { return }
        } catch {
            throw ProcessError(.inputClosed, command: command, detail: error.systemMessage)
        }
        throw ProcessError(.inputClosed, command: command)
    }

    /// Ends the program's standard input; writing afterwards is an error.
    package func finishInput() async {
        try? await writer.finish()
    }

    /// Pieces of output as they arrive, each at most as large as the pipe.
    package struct Chunks: AsyncSequence, Sendable {
        let base: SubprocessOutputSequence

        package func makeAsyncIterator() -> Iterator {
            Iterator(base: base.makeAsyncIterator())
        }

        package struct Iterator: AsyncIteratorProtocol {
            var base: SubprocessOutputSequence.Iterator

            package mutating func next() async throws -> [UInt8]? {
                try await base.next().map { buffer in buffer.withUnsafeBytes { Array($0) } }
            }
        }
    }
}

extension Command {
    /// Where the standard error of a conversation goes.
    package enum ErrorOutput: Sendable {
        /// To the caller's own standard error.
        case inherit
        case discard
        /// To the closure, line by line and one at a time.
        case lines(@Sendable (String) async -> Void)
    }

    /// Runs the program and speaks with it.
    ///
    /// When `body` returns, the program's pipes are closed and its end is awaited; when `body` throws, the program is
    /// stopped and the error passed on. `body` is canceled at the deadline.
    package func converse<Result: Sendable>(
        deadline: Duration?,
        errorOutput: ErrorOutput,
        _ body: @escaping @Sendable (Conversation) async throws -> Result
    ) async throws -> (Result, ExitStatus) {
        switch errorOutput {
        case .inherit: try await converse(error: .currentStandardError, deadline: deadline, body)
        case .discard: try await converse(error: .discarded, deadline: deadline, body)
        case .lines(let onLine): try await converse(deadline: deadline, onLine, body)
        }
    }

    private func converse<Result: Sendable>(
        deadline: Duration?, _ onLine: @escaping @Sendable (String) async -> Void,
        _ body: @escaping @Sendable (Conversation) async throws -> Result
    ) async throws -> (Result, ExitStatus) {
        let name = name
        return try await supervise(
            input: .inputWriter, output: .sequence, error: .sequence, deadline: deadline
        ) { execution in
            async let errors: Void = Self.lines(of: execution.standardError, onLine)
            let result = try await body(
                Conversation(
                    writer: execution.standardInputWriter, output: execution.standardOutput, command: name))
            try await errors
            return result
        }
    }

    private func converse<Result: Sendable>(
        error: some ErrorOutputProtocol,
        deadline: Duration?,
        _ body: @escaping @Sendable (Conversation) async throws -> Result
    ) async throws -> (Result, ExitStatus) {
        let name = name
        return try await supervise(
            input: .inputWriter, output: .sequence, error: error, deadline: deadline
        ) { execution in
            try await body(
                Conversation(
                    writer: execution.standardInputWriter, output: execution.standardOutput, command: name))
        }
    }
}
