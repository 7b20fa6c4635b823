package import Diagnostics

/// What a store of S3's kind did that the client cannot go on from.
package enum S3Error: Error, Sendable, Equatable {
    case noCredentials(String)
    case refused(bucket: String, status: Int, code: String, message: String)
    case unreachable(bucket: String, detail: String)
    case missing(bucket: String, key: String)
    case damaged(key: String)
    case unreadableFile(String)

    /// The error for people.
    package var userError: UserError {
        switch self {
        case .noCredentials(let why):
            UserError(
                .registryAuth, "there are no credentials for S3: \(why)",
                hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
        case .refused(let bucket, let status, let code, let message):
            UserError(
                status == 403 || status == 401 ? .registryAuth : .registryUnreachable,
                "the bucket '\(bucket)' refused the request with status \(status), \(code): \(message)",
                hint: status == 403 ? "check the key and its rights" : "check the bucket's name and push again")
        case .unreachable(let bucket, let detail):
            UserError(
                .registryUnreachable, "the store of the bucket '\(bucket)' does not answer: \(detail)",
                hint: "push again")
        case .missing(let bucket, let key):
            UserError(.pullFailed, "there is no '\(key)' in the bucket '\(bucket)'", hint: "push again")
        case .damaged(let key):
            UserError(.pullFailed, "'\(key)' is not what its digest says", hint: "push again")
        case .unreadableFile(let path):
            UserError(.buildFailed, "'\(path)' cannot be read", hint: "push again")
        }
    }
}
