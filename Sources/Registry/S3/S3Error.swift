package import Diagnostics

/// What a store of S3's kind did that the client cannot go on from.
package enum S3Error: Error, Sendable, Equatable {
    case noCredentials(String)
    /// A profile from which only a person gets a key.
    case interactive(profile: String, why: String)
    /// The token of single sign-on is missing or ended.
    case signedOff(profile: String)
    case roleRefused(role: String, source: String?, message: String)
    /// The key that was found in `source` is not taken, or does not allow this.
    case denied(bucket: String, source: String, code: String, message: String)
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
        case .interactive(let profile, let why):
            UserError(
                .registryAuth, "there are no credentials for S3: the profile '\(profile)' \(why)",
                hint: "eval \"$(aws configure export-credentials --profile \(profile) --format env)\"")
        case .signedOff(let profile):
            UserError(
                .registryAuth, "the single sign-on of the profile '\(profile)' has ended, or never began",
                hint: "aws sso login --profile \(profile)")
        case .roleRefused(let role, let source, let message):
            UserError(
                .registryAuth,
                "the role '\(role)' is not given\(source.map { " for the key from \($0)" } ?? ""): \(message)",
                hint: "check the role's trust policy and the name in the profile")
        case .denied(let bucket, let source, let code, let message):
            UserError(
                .registryAuth,
                "the bucket '\(bucket)' does not allow this with the key from \(source), \(code): \(message)",
                hint: "check that key and its rights: aws sts get-caller-identity")
        case .refused(let bucket, let status, let code, let message):
            UserError(
                .registryUnreachable,
                "the bucket '\(bucket)' refused the request with status \(status), \(code): \(message)",
                hint: status == 404 ? "create the bucket or correct its name, and push again" : "push again")
        case .unreachable(let bucket, let detail):
            UserError(
                .registryUnreachable, "the store of the bucket '\(bucket)' does not answer: \(detail)",
                hint: "push again")
        case .missing(let bucket, let key):
            UserError(.pullFailed, "there is no '\(key)' in the bucket '\(bucket)'", hint: "push again")
        case .damaged(let key):
            UserError(.pullFailed, "'\(key)' is not what its digest says", hint: "push again")
        case .unreadableFile(let path):
            UserError(
                .buildFailed, "the layer in '\(path)' cannot be read", hint: "remove the cache folder and push again")
        }
    }
}
