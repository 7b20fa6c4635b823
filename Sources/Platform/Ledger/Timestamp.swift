internal import FoundationEssentials

/// RFC 3339 in UTC with milliseconds, the one spelling of time in ledger and API.
enum Timestamp {
    /// The present moment.
    static func now() -> String { text(of: Date()) }

    /// The moment that lies `seconds` from now.
    static func fromNow(seconds: Double) -> String { text(of: Date(timeIntervalSinceNow: seconds)) }

    private static func text(of date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
