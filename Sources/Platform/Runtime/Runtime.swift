/// Where instances run: the one thing a platform needs from a sandbox, a container engine or a cluster.
package protocol Runtime: Sendable {
    /// Starts one instance and returns as soon as its process exists.
    ///
    /// - Parameter onOutput: gets each line of standard output and standard error in the order of writing, one at a
    ///   time, at most 16 KiB each, bytes that are no UTF-8 replaced. It must not block.
    /// - Throws: `RuntimeError`; a program that fails after its start says so by its exit.
    func start(_ spec: InstanceSpec, onOutput: @escaping @Sendable (String) -> Void) async throws -> any Instance
    /// Ends what an earlier platform left running of the images below a folder; called while nothing of them runs.
    func endStrays(below folder: String)
}

/// A running copy of a release's process.
///
/// An instance that nobody holds any more is stopped.
package protocol Instance: Sendable {
    var label: String { get }
    /// Returns when the instance has ended and all its output was handed over; again and again the same answer.
    func waitForExit() async -> InstanceExit
    /// How the instance ended, or nil while it lives.
    var exit: InstanceExit? { get }
    /// Returns the TCP sockets on which any process of the instance listens now.
    func listeningSockets() -> [ListeningSocket]
    /// Sends SIGTERM to every process of the instance and, when it is still there after `grace`, SIGKILL.
    ///
    /// Returns when nothing of the instance is left. A canceled caller grants no grace.
    func stop(grace: Duration) async -> StopOutcome
}

/// What an instance is made of.
package struct InstanceSpec: Sendable {
    /// Names the instance in messages and as host name inside.
    package var label: String
    /// The folder of the unpacked image; the app is `<root>/app`.
    package var root: String
    /// True when `root` is a whole file system; otherwise the machine's own `/usr` is lent.
    package var hasOwnSystem: Bool
    /// The program and its arguments.
    package var command: [String]
    package var workingDirectory: String
    /// Everything the program finds in its environment besides `HOME` and `PATH`, which are added where missing.
    package var environment: [String: String]

    package init(
        label: String,
        root: String,
        hasOwnSystem: Bool = false,
        command: [String],
        workingDirectory: String = "/app",
        environment: [String: String] = [:]
    ) {
        self.label = label
        self.root = root
        self.hasOwnSystem = hasOwnSystem
        self.command = command
        self.workingDirectory = workingDirectory
        self.environment = environment
    }
}

/// How an instance ended. A shell's exit codes above 128 are read as the signals that they stand for.
package enum InstanceExit: Sendable, Equatable {
    case exited(Int32)
    case signaled(Int32)
}

/// What it took to stop an instance.
package enum StopOutcome: Sendable, Equatable {
    /// It obeyed SIGTERM.
    case terminated
    /// It had to be killed when the grace was over.
    case killed
    /// It had ended before.
    case alreadyGone
}

/// An address and port on which a process accepts connections.
package struct ListeningSocket: Sendable, Hashable {
    /// The numeric address; `0.0.0.0` and `::` stand for all.
    package let address: String
    package let port: Int

    /// Whether this machine alone reaches it.
    package var isLoopback: Bool {
        address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
    }

    package init(address: String, port: Int) {
        self.address = address
        self.port = port
    }
}
