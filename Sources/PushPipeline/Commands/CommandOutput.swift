package import Diagnostics
internal import FoundationEssentials

/// What a command has to say: lines for people, or JSON for programs (`docs/json.md`).
package struct CommandOutput: Sendable {
    package let text: String
    package let json: String
    /// Not 0 where what was asked about is not as it should be.
    package var exitStatus: Int32 = 0

    init(_ text: String, json document: some Encodable) {
        self.text = text
        json = Self.json(document)
    }

    /// One object on one line: sorted keys in snake case, the same bytes for the same value.
    static func json(_ document: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return (try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

extension UserError {
    /// The error of a command as JSON.
    package var document: String {
        CommandOutput.json(
            ErrorDocument(
                error: .init(
                    code: code, message: message, hint: hint, retryable: code.isRetryable, exitStatus: code.exitStatus))
        )
    }
}

private struct ErrorDocument: Encodable {
    struct Content: Encodable {
        let code: ErrorCode
        let message: String
        let hint: String?
        let retryable: Bool
        let exitStatus: Int32
    }

    let v = JSONShape.version
    let error: Content
}
