#if canImport(Glibc)
    internal import Glibc
#endif

/// What a program does, line by line, for whoever asks with `BIM_TRACE`: `1` traces to standard error, a path appends to
/// that file.
///
/// Nothing secret may reach it: headers, bodies and the arguments of other programs are not traced, and the query of a
/// URL is left out.
package final class Trace: Sendable {
    private let descriptor: Int32
    private let begin = ContinuousClock.now

    /// - Returns: nil where nobody asks, or where the file cannot be written.
    package init?(environment: [String: String]) {
        switch environment["BIM_TRACE"] ?? "" {
        case "", "0", "false": return nil
        case "1", "2", "true": descriptor = STDERR_FILENO
        case let path:
            descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { return nil }
        }
    }

    deinit { if descriptor != STDERR_FILENO { close(descriptor) } }

    /// Writes one line: the time since the start, the part of the program, and what it does.
    package func note(_ part: String, _ text: @autoclosure () -> String) {
        let elapsed = (ContinuousClock.now - begin).components
        let milliseconds = elapsed.seconds * 1000 + elapsed.attoseconds / 1_000_000_000_000_000
        let line = "bim-trace \(milliseconds) ms \(part): \(printable(text()))\n"
        // One write, so that the lines of two programs do not mix.
        _ = line.withCString { write(descriptor, $0, strlen($0)) }
    }

    /// A URL without what may be secret in it.
    package static func shown(_ url: String) -> String {
        String(withoutCredentials(url).prefix { $0 != "?" && $0 != "#" })
    }
}

/// Traces every event on its way to another reporter.
package struct TracingReporter: Reporter {
    private let trace: Trace
    private let next: any Reporter

    package init(_ trace: Trace, next: any Reporter) {
        self.trace = trace
        self.next = next
    }

    package func report(_ event: Event) {
        trace.note("step", event.traced)
        next.report(event)
    }
}

extension Event {
    fileprivate var traced: String {
        switch self {
        case .headline(let text), .notice(let text): text
        case .progress(let step, let text): "\(step.rawValue) … \(text)"
        case .alive: "alive"
        case .finished(let step, let text, let duration): "\(step.rawValue) \(text) \(duration?.short ?? "")"
        case .output(let line): "| \(line)"
        case .failure(let error), .fatal(let error): "\(error.code.rawValue) \(error.message)"
        case .outcome(let outcome): "deployment \(outcome.deployment)"
        case .answered(let ref, _, let reason): "\(ref) \(reason ?? "ok")"
        case .live(let url, let duration): "live \(url) \(duration.short)"
        }
    }
}
