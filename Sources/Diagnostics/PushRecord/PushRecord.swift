import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// What a push said and how it ended, kept in the git folder for agents and for later: `last-push.jsonl` with every event,
/// `last-push.json` with the result. The same lines can be printed while they come.
///
/// A record that cannot be written is no reason for a push to fail.
package final class PushRecord: Sendable {
    private struct State {
        var seq = 0
        var descriptor: Int32 = -1
        var folder: String?
        var hasBegun = false
        var result: PushResult
    }

    package let run: String
    private let echo: (@Sendable (String) -> Void)?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - run: tells the lines of this push from those of others; nil makes one.
    ///   - echo: takes each line with its end as it comes.
    package init(run: String?, echo: (@Sendable (String) -> Void)?) {
        self.run = run ?? "r_" + String(UInt64.random(in: .min ... .max), radix: 36)
        self.echo = echo
        state = Mutex(State(result: PushResult(run: self.run)))
    }

    deinit { state.withLock { state in _ = state.descriptor >= 0 ? close(state.descriptor) : 0 } }

    /// Begins a push; what was recorded of the one before goes. Without a folder nothing is written.
    package func begin(in folder: String?) {
        state.withLock { state in
            guard !state.hasBegun else { return }
            state.hasBegun = true
            guard let folder else { return }
            mkdir(folder, 0o700)
            state.folder = folder
            let partial = "\(folder)/.last-push-\(getpid()).partial"
            state.descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if state.descriptor >= 0 { rename(partial, "\(folder)/last-push.jsonl") }
            unlink("\(folder)/last-push.json")
        }
    }

    package func take(_ event: Event) {
        let line: String? = state.withLock { state in
            switch event {
            case .outcome(let outcome): state.result.take(outcome)
            case .failure(let error), .fatal(let error): state.result.take(error)
            case .answered(let ref, let code, let reason): state.result.take(ref: ref, code: code, reason: reason)
            case .progress(let step, _), .finished(let step, _, _):
                if state.result.deployment == nil { state.result.phase = step.rawValue }
            case .headline, .notice, .alive, .output, .live: break
            }
            guard let line = EventLine(event, seq: state.seq + 1, run: run) else { return nil }
            state.seq += 1
            let text = JSONLine.encode(line) + "\n"
            Self.write(text, to: state.descriptor)
            return text
        }
        if let line { echo?(line) }
    }

    /// Ends the push: its result is the last line, and a file of its own.
    ///
    /// - Parameter interrupted: whether it was ended from outside; what had been answered before stands.
    package func finish(interrupted: Bool = false) {
        let line: String? = state.withLock { state in
            guard state.hasBegun else { return nil }
            state.hasBegun = false
            var result = state.result
            if interrupted, result.refs.isEmpty, result.ok {
                result.take(UserError(.interrupted, "interrupted", hint: "git bim status tells what is live"))
            }
            (result.seq, result.ts) = (state.seq + 1, JSONLine.now())
            result.logFile = state.folder.map { $0 + "/last-push.jsonl" }
            let text = JSONLine.encode(result) + "\n"
            Self.write(text, to: state.descriptor)
            if let folder = state.folder { Self.replace("\(folder)/last-push.json", with: text) }
            return text
        }
        if let line { echo?(line) }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        guard descriptor >= 0 else { return }
        _ = text.withCString { Glibc.write(descriptor, $0, strlen($0)) }
    }

    private static func replace(_ path: String, with text: String) {
        let partial = "\(path).\(getpid()).partial"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        write(text, to: descriptor)
        close(descriptor)
        rename(partial, path)
    }
}

/// Records every event on its way to another reporter.
package struct RecordingReporter: Reporter {
    private let record: PushRecord
    private let next: (any Reporter)?

    package init(_ record: PushRecord, next: (any Reporter)?) {
        self.record = record
        self.next = next
    }

    package func report(_ event: Event) {
        record.take(event)
        next?.report(event)
    }
}
