package import HTTPTransport

/// How long the platform's API is waited for.
package struct APIDeadlines: Sendable {
    /// For one answer, to its last byte.
    package var answer = Duration.seconds(30)
    /// For the next whole line of an event stream, which comes every 15 s at the latest.
    package var silence = Duration.seconds(60)
    /// How long a platform that was lost in the middle of a deployment is looked for again.
    package var search = Duration.seconds(20)
    /// Between two looks.
    package var pause = Duration.milliseconds(300)
    /// For a deployment; the phases of the contract sum up to less.
    package var deployment = Duration.seconds(5400)
    /// After so long the place of another deployment is asked for again: its worker may be gone.
    package var turn = Duration.seconds(30)
    /// For what is still asked when the push is over already.
    package var farewell = Duration.seconds(3)
    /// How often a request is made that may safely be made twice.
    package var retry = RetryPolicy.standard

    package init() {}

    package static let standard = APIDeadlines()
}
