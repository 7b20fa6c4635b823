/// How a new instance proves that it serves.
package struct HealthCheckPlan: Sendable, Equatable {
    /// The path to ask; nil tries `/up`, `/health` and `/healthz`, and a TCP connection when the app knows none of
    /// them.
    package var path: String?
    /// The time in which the instance must become healthy.
    package var timeout: Duration
    /// The time from one probe to the next after the first two seconds; before, it is a tenth of a second.
    package var interval: Duration
    /// The time that one request may take.
    package var probeTimeout: Duration

    package init(
        path: String? = nil,
        timeout: Duration = .seconds(60),
        interval: Duration = .seconds(1),
        probeTimeout: Duration = .seconds(5)
    ) {
        self.path = path
        self.timeout = timeout
        self.interval = interval
        self.probeTimeout = probeTimeout
    }
}

/// What one probe found.
package struct ProbeResult: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        /// The HTTP status; 200 to 399 is healthy.
        case status(Int)
        /// A TCP connection was accepted by an app without a health path.
        case connected
        /// Nothing listens on the port.
        case refused
        /// No answer in time.
        case timeout
        /// A connection was accepted and gave no HTTP answer.
        case broken
    }

    /// Counted from 1.
    package let attempt: Int
    /// The path that gave the outcome; nil for a TCP connection.
    package let path: String?
    package let outcome: Outcome
    package let milliseconds: Int

    package init(attempt: Int, path: String?, outcome: Outcome, milliseconds: Int) {
        self.attempt = attempt
        self.path = path
        self.outcome = outcome
        self.milliseconds = milliseconds
    }

    package var isHealthy: Bool {
        switch outcome {
        case .status(let code): (200..<400).contains(code)
        case .connected: true
        case .refused, .timeout, .broken: false
        }
    }

    /// Whether something took the connection, whatever it answered.
    var wasAccepted: Bool {
        switch outcome {
        case .status, .connected, .broken: true
        case .refused, .timeout: false
        }
    }
}

/// How the wait for a healthy instance ended; all probes in order.
package enum HealthOutcome: Sendable, Equatable {
    package enum Failure: Sendable, Equatable {
        /// Nothing took a connection on the port; the instance listened on these sockets instead.
        case portNotBound([ListeningSocket])
        /// The port was open and no probe was healthy in time.
        case unhealthy
        case exited(InstanceExit)
        /// The waiting task was canceled.
        case canceled
    }

    case healthy(probes: [ProbeResult])
    case failed(Failure, probes: [ProbeResult])
}
