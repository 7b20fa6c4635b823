/// A step of a push, in the order in which a user meets them.
package enum Step: String, Codable, Sendable {
    case test, build, upload, deploy, live
}

/// One thing that happened and that a person or a machine may want to know.
///
/// Every printer reads this one stream: the terminal, plain lines, JSON lines.
package enum Event: Sendable {
    /// The first line of a ref's story: what goes where.
    case headline(String)
    /// A line below the headline that asks for nothing.
    case notice(String)
    /// A step is at work; shown while it lasts, where lines can be rewritten.
    case progress(Step, String)
    /// The running step still runs; comes each second from whoever waits for it.
    case alive
    /// A step is over: one line with its duration.
    case finished(Step, String, Duration?)
    /// A line that somebody else's program printed.
    case output(String)
    /// What ends the story badly.
    case failure(UserError)
    /// What ends the program before git has a line of its own to show the code in.
    case fatal(UserError)
    /// A deployment is over, or is left to itself; for programs.
    case outcome(DeploymentOutcome)
    /// What git is told of a ref; a code or a reason means that it was refused. For programs.
    case answered(ref: String, code: ErrorCode?, reason: String?)
    /// What ends it well: the live URL.
    case live(url: String, Duration)
}

/// Whoever listens to the events of a run.
package protocol Reporter: Sendable {
    /// Takes one event; never blocks for long and never fails.
    func report(_ event: Event)
}
