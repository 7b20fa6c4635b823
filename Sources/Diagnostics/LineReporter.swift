import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Prints events as the lines that a person reads beside git's own.
///
/// On a terminal the running step is one line that is rewritten; elsewhere nothing is rewritten and progress is a sign
/// of life every ten seconds. `--progress` and `--no-progress` have their say, as with git itself. Nothing is printed when `isQuiet`, so that `git push -q` stays silent but for errors.
package final class LineReporter: Reporter {
    /// How lines may look.
    package struct Style: Sendable {
        /// How the running step is shown.
        package enum Progress: Sendable {
            /// In one line that is rewritten.
            case rewritten
            /// A line each second at most: what `--progress` asks for where nothing can be rewritten.
            case eachSecond
            /// A line every ten seconds.
            case signsOfLife
            /// Not at all: what `--no-progress` asks for.
            case none
        }

        package var isQuiet: Bool
        package var isVerbose: Bool
        package var progress: Progress
        package var usesColor: Bool

        package init(isQuiet: Bool = false, isVerbose: Bool = false, progress: Progress, usesColor: Bool) {
            self.isQuiet = isQuiet
            self.isVerbose = isVerbose
            self.progress = progress
            self.usesColor = usesColor
        }

        /// What the terminal and `NO_COLOR` (no-color.org) allow.
        ///
        /// - Parameter progress: what git says of it, which is true by itself on a terminal alone; nil where nobody says.
        package static func detected(
            environment: [String: String], verbosity: Int, progress: Bool?,
            isTerminal: Bool = isatty(STDERR_FILENO) == 1
        ) -> Style {
            let isSmart = isTerminal && environment["TERM"] != "dumb"
            let shown: Progress =
                switch (isTerminal, progress) {
                case (true, false): .none
                case (true, _): isSmart ? .rewritten : .signsOfLife
                case (false, true): .eachSecond
                case (false, _): .signsOfLife
                }
            return Style(
                isQuiet: verbosity < 1,
                isVerbose: verbosity > 1,
                progress: shown,
                usesColor: isSmart && (environment["NO_COLOR"] ?? "").isEmpty)
        }
    }

    private struct State {
        var hasOpenLine = false
        var lastSign = ContinuousClock.now
        /// The step that is at work, and since when.
        var running: (step: Step, text: String, since: ContinuousClock.Instant)?
    }

    private let style: Style
    private let write: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// Makes a reporter that hands whole pieces of text to `write`, by default standard error.
    package init(style: Style, write: @escaping @Sendable (String) -> Void = LineReporter.toStandardError) {
        self.style = style
        self.write = write
    }

    package func report(_ event: Event) {
        switch event {
        case .failure(let error): line(failureLines(error, error.message))
        case .fatal(let error): line(failureLines(error, "\(error.message) (\(error.code.rawValue))"))
        case _ where style.isQuiet: return
        case .headline(let text): line("bim: \(printable(text))")
        case .notice(let text): line("     \(printable(text))")
        case .progress(let step, let text): progress(step, printable(text))
        case .alive: signOfLife()
        case .finished(let step, let text, let duration):
            state.withLock { $0.running = nil }
            line(stepLine(step, printable(text), duration))
        case .output(let text): line("          | \(printable(text))")
        case .outcome, .answered: return
        case .live(let url, let duration): line(stepLine(.live, printable(url), duration))
        }
    }

    private func stepLine(_ step: Step, _ text: String, _ duration: Duration?) -> String {
        let name = step.rawValue + String(repeating: " ", count: 8 - step.rawValue.count)
        guard let duration else { return "  \(name)\(text)" }
        let padding = String(repeating: " ", count: max(2, 58 - text.count))
        return "  \(name)\(text)\(padding)\(duration.short)"
    }

    private func failureLines(_ error: UserError, _ message: String) -> String {
        var lines = [colored("error:", "31") + " \(printable(message))"]
        if let hint = error.hint { lines.append(colored("hint:", "33") + " \(printable(hint))") }
        if style.isVerbose, let cause = error.cause {
            // What another program said keeps its lines; none of them can pass for one of ours.
            let said = cause.split(whereSeparator: \.isNewline).map(printable)
            lines += zip(said.indices, said).map { ($0 == 0 ? "caused by: " : "           ") + $1 }
        }
        return lines.joined(separator: "\n")
    }

    private func colored(_ text: String, _ color: String) -> String {
        style.usesColor ? "\u{1B}[\(color)m\(text)\u{1B}[0m" : text
    }

    /// Repeats the running step with the time that it has taken.
    private func signOfLife() {
        guard let running = state.withLock({ $0.running }) else { return }
        let elapsed = ContinuousClock.now - running.since
        if elapsed >= .seconds(2) { show(running.step, "\(running.text), \(elapsed.short)") }
    }

    private func progress(_ step: Step, _ text: String) {
        state.withLock { state in
            if state.running?.step != step { state.running = (step, text, .now) }
            state.running?.text = text
        }
        show(step, text)
    }

    private func show(_ step: Step, _ text: String) {
        let text: String? = state.withLock { state in
            let pause: Duration
            switch style.progress {
            case .rewritten:
                state.hasOpenLine = true
                return "\r\u{1B}[K" + stepLine(step, String(text.prefix(64)), nil)
            case .eachSecond: pause = .seconds(1)
            case .signsOfLife: pause = .seconds(10)
            case .none: return nil
            }
            guard ContinuousClock.now - state.lastSign >= pause else { return nil }
            state.lastSign = .now
            return stepLine(step, text, nil) + "\n"
        }
        if let text { write(text) }
    }

    private func line(_ text: String) {
        let clear: String = state.withLock { state in
            defer {
                state.hasOpenLine = false
                state.lastSign = .now
            }
            return state.hasOpenLine ? "\r\u{1B}[K" : ""
        }
        write(clear + text + "\n")
    }

    /// Writes all of a text to standard error, whatever a signal interrupts; a closed terminal is no error.
    @Sendable package static func toStandardError(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }
}
