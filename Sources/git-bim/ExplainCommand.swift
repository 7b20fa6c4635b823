import ArgumentParser
import Diagnostics
import PushPipeline

/// `git bim explain`: what a code means and what to do.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explains an error code, such as CRASHED; without one it lists them all.")

    @Argument(help: "The code.")
    var code: String?

    @Flag(help: "Print JSON (docs/json.md) instead of text.")
    var json = false

    func run() throws {
        guard let code else { return try CodeExplanation.list.print(asJSON: json) }
        guard let known = ErrorCode(rawValue: code.uppercased()) else {
            throw ValidationError("'\(code)' is no code; 'git bim explain' lists them")
        }
        try CodeExplanation.of(known).print(asJSON: json)
    }
}
