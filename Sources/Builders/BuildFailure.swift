package import Artifacts
package import ProcessRunner

/// Why a build with other people's programs made nothing.
package struct BuildFailure: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// A command of the project failed.
        case command(step: String, status: ExitStatus)
        /// A command inside a tool failed, in the tool's own words.
        case said(step: String, String)
        /// A command of the project that tests failed.
        case test(step: String, status: ExitStatus)
        /// The build's time was over while the step ran.
        case timedOut(step: String, limit: Duration, isTest: Bool)
        /// None of these programs was found.
        case toolMissing([String])
        /// The program is there, and what it speaks to is not.
        case unavailable(tool: String, said: String)
        /// The disk of the machine that builds is full.
        case noSpace
        /// The image is for another system than was asked for.
        case platform(wanted: Artifacts.Platform, made: String)
        /// What was made is no image, or not the one that the tool spoke of.
        case unusable(String)
        /// The build made nothing that `build.output` names.
        case noOutput(String)
        /// No sandbox can be made here.
        case sandbox(String)
        /// Nobody says where this secret comes from.
        case secretMissing(String)
    }

    package let kind: Kind
    /// The last lines that were printed; they have been told while they came.
    package var tail: [String] = []
    /// The file with everything that was printed.
    package var log: String?

    package init(_ kind: Kind, tail: [String] = [], log: String? = nil) {
        self.kind = kind
        self.tail = tail
        self.log = log
    }

    package var description: String { (["\(kind)"] + tail.suffix(3)).joined(separator: "; ") }
}
