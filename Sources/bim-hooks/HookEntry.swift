import ArgumentParser
import Diagnostics
import HookManager

/// `bim-hooks hook [--everywhere] <hook or script> <git's arguments>`: what the installed hooks call.
///
/// Its words are read by hand: every push waits for it, and git's arguments may look like options.
enum HookEntry {
    /// Answers git.
    ///
    /// - Throws: `ExitCode` with the status of a hook that was there before bim's.
    static func run(_ words: ArraySlice<String>) async throws {
        let isEverywhere = words.first == "--everywhere"
        let words = isEverywhere ? words.dropFirst() : words
        guard let place = words.first else { throw ValidationError("the hooks that are installed call this") }
        let call = HookCall(place: place, isEverywhere: isEverywhere, arguments: Array(words.dropFirst()))
        let environment = ProcessEnvironment.current
        let run = HookRun(
            environment: environment, folder: ".",
            reporter: LineReporter(style: .detected(environment: environment, verbosity: 1, progress: nil)),
            ask: TerminalQuestion.mayRun)
        switch try await call.answer(with: run, input: call.hasInput ? StandardInput.all() : []) {
        case .ended(let status): throw ExitCode(status)
        case .checked(let report): if let failure = report.failure { throw failure }
        }
    }
}
