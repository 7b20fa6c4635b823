import Subprocess
import SystemPackage

/// What a short program said.
package struct Captured: Sendable {
    package let status: ExitStatus
    package let output: [UInt8]
    /// The last 64 KiB of the standard error, bytes that are no UTF-8 replaced.
    package let errorText: String

    /// The output as text, bytes that are no UTF-8 replaced.
    package var text: String { String(decoding: output, as: UTF8.self) }
}

extension Command {
    /// The most bytes of standard error that are kept.
    package static let errorTailLimit = 64 * 1024

    /// Runs the program with `input` on its standard input and returns what it wrote.
    ///
    /// - Parameter limit: bytes of standard output; a program that writes more is stopped.
    /// - Throws: `ProcessError`; a program that does not read its whole input is no error.
    package func capture(
        input: [UInt8] = [],
        limit: Int = 1024 * 1024,
        deadline: Duration
    ) async throws -> Captured {
        let name = name
        let ((output, errorTail), status) = try await supervise(
            input: .inputWriter, output: .sequence, error: .sequence, deadline: deadline
        ) { execution in
            async let errorTail = Self.tail(of: execution.standardError, limit: Self.errorTailLimit)
            async let written: Void = Self.feed(input, to: execution.standardInputWriter)
            var output: [UInt8] = []
            for try await buffer in execution.standardOutput {
                guard output.count + buffer.count <= limit else {
                    throw ProcessError(.outputLimit(limit), command: name)
                }
                buffer.withUnsafeBytes { output += $0 }
            }
            await written
            return (output, try await errorTail)
        }
        return Captured(status: status, output: output, errorText: String(decoding: errorTail, as: UTF8.self))
    }

    /// Runs the program and hands over what it writes to its standard output, piece by piece and in order.
    ///
    /// A slow `onBytes` slows the program down; one that throws ends it. Its standard input is empty.
    package func pour(
        deadline: Duration, _ onBytes: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws -> Captured {
        let (errorTail, status) = try await supervise(
            input: .none, output: .sequence, error: .sequence, deadline: deadline
        ) { execution in
            async let errorTail = Self.tail(of: execution.standardError, limit: Self.errorTailLimit)
            for try await buffer in execution.standardOutput {
                try await onBytes(buffer.withUnsafeBytes { Array($0) })
            }
            return try await errorTail
        }
        return Captured(status: status, output: [], errorText: String(decoding: errorTail, as: UTF8.self))
    }

    private static func feed(_ input: [UInt8], to writer: StandardInputWriter) async {
        // A program may end, or close its input, without having read everything: that is its own business.
        if !input.isEmpty { _ = try? await writer.write(input) }
        try? await writer.finish()
    }

    private static func tail(of sequence: SubprocessOutputSequence, limit: Int) async throws -> [UInt8] {
        var kept: [UInt8] = []
        for try await buffer in sequence {
            buffer.withUnsafeBytes { kept += $0 }
            if kept.count > 2 * limit { kept.removeFirst(kept.count - limit) }
        }
        return Array(kept.suffix(limit))
    }
}
