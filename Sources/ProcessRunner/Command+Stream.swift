import Subprocess
import SystemPackage

/// One line that a running program wrote, without its line feed; at most 16 KiB, bytes that are no UTF-8 replaced.
package struct Line: Sendable, Equatable {
    package enum Stream: Sendable {
        case output
        case error
    }

    package let text: String
    package let stream: Stream

    package init(_ text: String, _ stream: Stream) {
        self.text = text
        self.stream = stream
    }
}

extension Command {
    /// Runs the program and hands over its lines while it writes them; its standard input is empty.
    ///
    /// The lines of one stream come in order and one at a time; the two streams are read independently. A slow `onLine`
    /// slows the program down instead of filling memory.
    ///
    /// - Parameters:
    ///   - deadline: nil lets the program run as long as it likes.
    ///   - onStart: gets the process id, which also is the id of the program's session, before the first line.
    package func stream(
        deadline: Duration?,
        onStart: @escaping @Sendable (Int32) -> Void = { _ in },
        _ onLine: @escaping @Sendable (Line) async -> Void
    ) async throws -> ExitStatus {
        let (_, status) = try await supervise(
            input: .none, output: .sequence, error: .sequence, deadline: deadline
        ) { execution in
            onStart(execution.processIdentifier.value)
            async let errors: Void = Self.lines(of: execution.standardError) { await onLine(Line($0, .error)) }
            try await Self.lines(of: execution.standardOutput) { await onLine(Line($0, .output)) }
            try await errors
        }
        return status
    }

    /// Runs the program as `stream(deadline:onStart:_:)` does, with both streams in one pipe: the order of all lines is
    /// the order in which they were written.
    package func streamMerged(
        deadline: Duration?,
        onStart: @escaping @Sendable (Int32) -> Void = { _ in },
        _ onLine: @escaping @Sendable (String) async -> Void
    ) async throws -> ExitStatus {
        let (_, status) = try await supervise(
            input: .none, output: .sequence, error: .combinedWithOutput, deadline: deadline
        ) { execution in
            onStart(execution.processIdentifier.value)
            try await Self.lines(of: execution.standardOutput, onLine)
        }
        return status
    }

    static func lines(
        of sequence: SubprocessOutputSequence,
        _ onLine: @Sendable (String) async -> Void
    ) async throws {
        var splitter = LineSplitter()
        for try await buffer in sequence {
            for line in splitter.receive(buffer.withUnsafeBytes { Array($0) }) { await onLine(line) }
        }
        if let last = splitter.finish() { await onLine(last) }
    }
}
