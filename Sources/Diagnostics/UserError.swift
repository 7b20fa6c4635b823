/// The one error that a person or an agent sees: a stable code, one sentence, and one thing to do next.
///
/// Leaves throw typed errors of their own without advice; they are translated once per client, where ref, step and
/// environment are known. `message` starts in lower case, has no full stop and names its subject in single quotes;
/// `hint` can be pasted where it is a command.
package struct UserError: Error, Sendable {
    package let code: ErrorCode
    package let message: String
    package let hint: String?
    /// What a leaf said, shown under `-v` alone.
    package let cause: String?
    private let shortMessage: String?

    /// - Parameter reason: a shorter message for the place where the whole one is too long.
    package init(
        _ code: ErrorCode, _ message: String, reason: String? = nil, hint: String? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.shortMessage = reason
        self.hint = hint
        self.cause = cause.map { String(describing: $0) }
    }

    /// The reason inside git's `[remote rejected]` parentheses.
    package var reason: String { "\(code.rawValue): \(shortMessage ?? message)" }
}
