/// What did not happen in time.
struct TimedOut: Error, CustomStringConvertible {
    let what: String
    let limit: Duration

    var description: String { "after \(limit) still waiting until \(what)" }
}

/// Waits until `condition` gives a value, and hands it back; the one place of these tests that polls.
///
/// - Throws: `TimedOut` when `limit` is over first.
func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + limit
    while true {
        if let value = try await condition() { return value }
        guard ContinuousClock.now < end else { throw TimedOut(what: what, limit: limit) }
        try await Task.sleep(for: .milliseconds(10))
    }
}
