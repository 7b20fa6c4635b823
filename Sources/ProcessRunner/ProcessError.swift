/// Why a program could not be run to its own end.
///
/// A program that ran and failed is no error here: its `ExitStatus` says so.
package struct ProcessError: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// No such file, or no such name in `PATH`.
        case notFound
        /// The file is there and may not be executed.
        case notExecutable
        /// The program did not end within this time and was stopped with its whole process group.
        case timedOut(Duration)
        /// The calling task was canceled; the whole process group was stopped.
        case canceled
        /// The program wrote more than this number of bytes and was stopped.
        case outputLimit(Int)
        /// The program closed its standard input, or ended, before everything was written.
        case inputClosed
        /// The operating system refused to start the program, or to read from it.
        case launchFailed
    }

    package let kind: Kind
    /// The program's name, without its arguments.
    package let command: String
    /// What the operating system said, or an empty string.
    package let detail: String

    package init(_ kind: Kind, command: String, detail: String = "") {
        self.kind = kind
        self.command = command
        self.detail = detail
    }
}
