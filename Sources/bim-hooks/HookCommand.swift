import ArgumentParser
import Diagnostics
import HookManager

/// `bim-hooks hook`: what the installed hooks call.
struct HookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hook", abstract: "Answers git for an installed hook.", shouldDisplay: false)

    @Flag(help: "The hook stands for every repository of the user.")
    var everywhere = false

    @Argument(help: "The hook's name, or the path of its script.")
    var place: String

    @Argument(parsing: .captureForPassthrough, help: "What git gives the hook.")
    var hookArguments: [String] = []

    func run() async throws {
        let call = HookCall(place: place, isEverywhere: everywhere, arguments: hookArguments)
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
