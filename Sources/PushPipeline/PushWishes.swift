internal import Diagnostics

/// What the pusher asks for with `git push -o <key>[=<value>]`; the last of several values counts.
struct PushWishes: Sendable, Equatable {
    /// Deploys to this environment instead of the one that the branch stands for.
    var environment: String?
    /// How long the push waits for the release; nil waits until the deployment is over.
    var patience: Duration?
    /// False builds and uploads anew what is known already, and so checks that it still comes out the same.
    var usesCache = true
    /// Why the commit goes without its tests.
    var skippedTests: String?
    /// Opens the live URL in the browser.
    var opens = false
    /// Stands in the ledger instead of the commit's subject.
    var message: String?
    /// Options of the pusher's own, `x-…`, as they were given and in their order.
    var extra: [String] = []

    private static let known = [
        "env=<environment>", "wait=<duration>", "detach", "no-cache", "skip-tests=<reason>", "open",
        "message=<text>", "x-<anything>",
    ]

    init() {}

    /// Reads push options.
    ///
    /// - Throws: `CONFIG_INVALID` for one that is not known, or whose value cannot be read.
    init(_ options: [String]) throws(UserError) {
        for option in options { try take(option) }
    }

    private mutating func take(_ option: String) throws(UserError) {
        let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let value = parts.count > 1 ? parts[1] : nil
        switch (parts[0], value) {
        case ("env", let name?) where !name.isEmpty: environment = name
        case ("wait", let text?): patience = try Self.duration(text)
        case ("detach", nil): patience = .zero
        case ("no-cache", nil): usesCache = false
        case ("skip-tests", let reason?) where !reason.allSatisfy(\.isWhitespace): skippedTests = reason
        case ("open", nil): opens = true
        case ("message", let text?): message = text
        case (let key, _) where key.hasPrefix("x-"): extra.append(option)
        default: throw Self.unknown(option)
        }
    }

    private static func unknown(_ option: String) -> UserError {
        let name = option.prefix { $0 != "=" }
        let form = known.first { $0.prefix { $0 != "=" } == name }
        return UserError(
            .configInvalid,
            form.map { "the push option '\(option)' is not of the form '\($0)'" }
                ?? "the push option '\(name)' is not known",
            hint: "known are \(known.joined(separator: ", "))")
    }

    /// `90s`, `10m`, `1h` or a number of seconds.
    private static func duration(_ text: String) throws(UserError) -> Duration {
        let factors: [Character: Int] = ["s": 1, "m": 60, "h": 3600]
        let factor = text.last.flatMap { factors[$0] }
        guard let number = Int(factor == nil ? text : String(text.dropLast())), (0...86_400).contains(number) else {
            throw unknown("wait=\(text)")
        }
        return .seconds(number * (factor ?? 1))
    }
}
