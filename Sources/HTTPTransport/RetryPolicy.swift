/// How often an exchange is tried, and how long it waits in between.
package struct RetryPolicy: Sendable {
    /// The number of tries, the first one included.
    package var attempts: Int
    /// The wait after the first failure; it doubles each time, with a third of it left to chance.
    package var firstDelay: Duration
    /// No wait is longer, whatever a server asks for.
    package var longestDelay: Duration

    package init(attempts: Int, firstDelay: Duration, longestDelay: Duration) {
        self.attempts = attempts
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
    }

    /// Five tries within about four seconds.
    package static let standard = RetryPolicy(
        attempts: 5, firstDelay: .milliseconds(250), longestDelay: .seconds(3))
    /// One try.
    package static let never = RetryPolicy(attempts: 1, firstDelay: .zero, longestDelay: .zero)

    /// The wait before try number `attempt` + 1; `asked` is what the server named in `Retry-After`, in seconds.
    package func delay(after attempt: Int, asked: Int?) -> Duration {
        if let asked { return min(.seconds(max(asked, 0)), .seconds(30)) }
        let doubled = firstDelay * (1 << min(attempt - 1, 16))
        return min(doubled, longestDelay) * Double.random(in: 0.67...1.0)
    }

    /// Whether a status says that the same request may succeed later.
    package static func isTransient(_ status: Int) -> Bool {
        [408, 425, 429, 500, 502, 503, 504].contains(status)
    }

    /// Whether an answer that did not come may come later.
    static func isTransient(_ kind: TransportError.Kind) -> Bool {
        switch kind {
        case .unreachable, .timedOut, .unknownHost: true
        case .answerTooLarge, .unreadableFile, .untrusted, .proxyRefused, .privateAddress: false
        }
    }
}
