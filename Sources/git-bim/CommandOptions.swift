import ArgumentParser
import Diagnostics
import PushPipeline

/// What all commands that ask a platform have in common.
struct CommandOptions: ParsableArguments {
    @Option(
        name: .long,
        help:
            "The remote, or a URL; by default the one that 'git push' takes when its URL begins with 'bim::', or 'bim'."
    )
    var remote: String?

    @Flag(help: "Print JSON (docs/json.md) instead of text.")
    var json = false
}

extension CommandOutput {
    /// Prints the one or the other; a status that is not 0 ends the program with it.
    func print(asJSON: Bool) throws {
        Swift.print(asJSON ? json : text)
        if exitStatus != 0 { throw ExitCode(exitStatus) }
    }
}
