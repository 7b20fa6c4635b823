/// A program of somebody else's with everything it is started with.
///
/// Nothing is inherited but the environment given here. Each run gets its own session, unless it keeps the terminal, so
/// that a deadline or a cancel reaches every process that the program left behind.
package struct Command: Sendable {
    /// A name that is looked up in the `PATH` of `environment`, or a path.
    package var executable: String
    package var arguments: [String]
    /// The whole environment of the program; names that no shell could set (empty, or starting with a digit) are left
    /// out.
    package var environment: [String: String]
    /// The folder the program starts in; nil is the caller's.
    package var workingDirectory: String?
    /// Whether it stays in the caller's session and process group, so that it can ask a person at the terminal, as ssh
    /// does. A deadline or a cancel then reaches the program alone.
    package var keepsTerminal: Bool

    package init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String],
        workingDirectory: String? = nil,
        keepsTerminal: Bool = false
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.keepsTerminal = keepsTerminal
    }

    /// The last component of `executable`: what messages call the program. Arguments may hold secrets and are not told.
    package var name: String {
        executable.split(separator: "/").last.map(String.init) ?? executable
    }
}

/// How a program ended.
package enum ExitStatus: Sendable, Equatable {
    case exited(Int32)
    case signaled(Int32)

    /// True for exit status 0 alone.
    package var isSuccess: Bool { self == .exited(0) }
}
