internal import FoundationEssentials

/// One event as a line of JSON (`docs/json.md`).
struct EventLine: Encodable {
    var v = 1
    let seq: Int
    /// RFC 3339 in UTC with milliseconds.
    let ts: String
    let run: String
    let event: String
    var phase: String?
    var message: String?
    var seconds: Double?
    var code: ErrorCode?
    var hint: String?
    var retryable: Bool?
    var ref: String?
    var environment: String?
    var deployment: String?
    var release: Int?
    var url: String?
    var commit: String?

    /// - Returns: nil for an event that says nothing new.
    init?(_ event: Event, seq: Int, run: String) {
        (self.seq, self.run) = (seq, run)
        ts = JSONLine.now()
        switch event {
        case .headline(let text): (self.event, message) = ("headline", text)
        case .notice(let text): (self.event, message) = ("notice", text)
        case .progress(let step, let text): (self.event, phase, message) = ("step.progress", step.rawValue, text)
        case .alive: return nil
        case .finished(let step, let text, let duration):
            (self.event, phase, message, seconds) = ("step.finished", step.rawValue, text, duration?.seconds)
        case .output(let line): (self.event, message) = ("output", line)
        case .failure(let error), .fatal(let error):
            (self.event, message, code, hint) = ("failure", error.message, error.code, error.hint)
            retryable = error.code.isRetryable
        case .outcome(let outcome):
            self.event = "deployment"
            (environment, deployment, release) = (outcome.environment, outcome.deployment, outcome.release)
            (url, commit, phase) = (outcome.url, outcome.commit, outcome.phase)
        case .answered(let ref, let code, let reason):
            (self.event, self.ref, self.code, message) = ("ref", ref, code, reason ?? "ok")
        case .live(let url, let duration): (self.event, self.url, seconds) = ("live", url, duration.seconds)
        }
        if let message, message.utf8.count > Self.longestMessage {
            self.message = message.prefix(Self.longestMessage / 4) + "…"
        }
    }

    /// Bytes; programs read lines that are not endless.
    private static let longestMessage = 4000
}

/// JSON on one line, the same bytes for the same value.
enum JSONLine {
    static func encode(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    static func now() -> String { Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }
}

extension Duration {
    /// Seconds, to the millisecond.
    fileprivate var seconds: Double {
        Double(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000) / 1000
    }
}
