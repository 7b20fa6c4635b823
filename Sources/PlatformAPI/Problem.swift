package import Diagnostics

/// An error of the API as RFC 9457 problem details, with bim's `code`, `retryable` and `hint` beside the standard members.
package struct Problem: Codable, Error, Sendable, Equatable {
    /// The holder of a busy environment, with `DEPLOY_IN_PROGRESS`.
    package struct Holder: Codable, Sendable, Equatable {
        package var deployment: String
        /// The user who began it.
        package var by: String?
        package var commit: String
        package var since: String
        package var phase: String?

        package init(deployment: String, by: String? = nil, commit: String, since: String, phase: String?) {
            self.deployment = deployment
            self.by = by
            self.commit = commit
            self.since = since
            self.phase = phase
        }
    }

    package static let mediaType = "application/problem+json"

    package var type: String
    package var title: String
    package var status: Int
    package var detail: String
    /// The path that was asked for.
    package var instance: String?
    package var code: ErrorCode
    package var retryable: Bool
    package var hint: String?
    /// The object id that the ref has, with `STALE_REF`; null when the ref does not exist.
    package var current: String?
    package var holder: Holder?

    package init(
        _ code: ErrorCode, status: Int, _ detail: String, hint: String? = nil, current: String? = nil,
        holder: Holder? = nil
    ) {
        self.type = "about:blank"
        self.title = code.rawValue
        self.status = status
        self.detail = detail
        self.code = code
        self.retryable = code.isRetryable
        self.hint = hint
        self.current = current
        self.holder = holder
    }
}
