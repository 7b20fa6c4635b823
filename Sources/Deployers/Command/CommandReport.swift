internal import Artifacts
package import Diagnostics
internal import Synchronization

/// What a deploy command says: JSON objects, one a line, and lines for people.
package final class CommandReport: Sendable {
    private struct State {
        var field: String?
        var printed: String?
        var release: Int?
        var code: ErrorCode?
        var message: String?
        var hint: String?
        var lastLine: String?
    }

    private let urlField: String
    private let state = Mutex(State())

    /// - Parameter urlField: the field that holds the live URL.
    package init(urlField: String) {
        self.urlField = urlField
    }

    /// The URL of the named field, else the last one that was printed.
    package var url: String? { state.withLock { $0.field ?? $0.printed } }
    package var release: Int? { state.withLock { $0.release } }

    /// Takes a line.
    ///
    /// - Returns: what a person is to see of it; nil for a JSON line without a message.
    package func receive(_ line: String) -> String? {
        guard line.hasPrefix("{"), let object = try? CanonicalJSON.decode([String: Field].self, from: Array(line.utf8))
        else {
            state.withLock { state in
                if let url = Self.lastURL(in: line) { state.printed = url }
                if !line.allSatisfy(\.isWhitespace) { state.lastLine = line }
            }
            return line
        }
        let message = object["message"]?.text
        state.withLock { state in
            if let url = object[urlField]?.text { state.field = url }
            if let number = object["release"]?.text.flatMap({ Int($0) }) { state.release = number }
            if let code = object["code"]?.text.flatMap({ ErrorCode(rawValue: $0) }) {
                (state.code, state.message) = (code, message)
            }
            if let hint = object["hint"]?.text { state.hint = hint }
            if let message { state.lastLine = message }
        }
        return message
    }

    /// Why the command failed, by what it said and by its exit status.
    package func failure(of name: String, status: Int, _ meanings: [Int: String]) -> UserError {
        let told = state.withLock { $0 }
        let code = told.code ?? meanings[status].flatMap(ErrorCode.init) ?? Self.usual[status] ?? .deployFailed
        let last = told.lastLine.map { ": \($0)" } ?? ""
        return UserError(
            code, told.message ?? "the command '\(name)' exited with status \(status)\(last)",
            hint: told.hint ?? "what it printed stands above; push again when that is mended")
    }

    /// What statuses mean where nobody says otherwise: those of `sysexits.h`, of shells, and bim's own.
    private static let usual: [Int: ErrorCode] = [
        4: .unauthenticated, 13: .releaseCommandFailed, 15: .rolledBack, 69: .platformUnavailable,
        75: .platformUnavailable, 77: .forbidden, 78: .configInvalid, 126: .configInvalid, 127: .configInvalid,
        130: .interrupted,
    ]

    private static func lastURL(in line: String) -> String? {
        let starts = ["https://", "http://"].flatMap { line.ranges(of: $0).map(\.lowerBound) }
        guard let start = starts.max() else { return nil }
        let url = line[start...].prefix { !$0.isWhitespace && !"\"'<>()[]{}|\\^`".contains($0) && $0.isASCII }
        let trimmed = String(url.reversed().drop { ".,;:!?".contains($0) }.reversed())
        return trimmed.hasSuffix("//") ? nil : trimmed
    }

    /// A value of a JSON object, as text where it is a single one.
    private struct Field: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self.text = text
            } else {
                text = (try? container.decode(Int.self)).map(String.init)
            }
        }
    }
}
