internal import FoundationEssentials

/// A key for S3, and where it was found.
package struct S3Credentials: Hashable, Sendable {
    package let accessKey: String
    package let secretKey: String
    /// Sent along where the key is a temporary one.
    package let sessionToken: String?
    /// What an error names.
    package let source: String
    /// When the key ends, in seconds since 1970; nil for one that does not say.
    let expiration: Int64?

    package init(
        accessKey: String, secretKey: String, sessionToken: String? = nil, source: String, expiration: Int64? = nil
    ) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.source = source
        self.expiration = expiration
    }

    /// Whether the key will outlive a request that is made now.
    func lasts(at time: Int64) -> Bool { expiration.map { $0 > time + 60 } ?? true }

    /// Reads a time as AWS's services write it (RFC 3339, or with `UTC` at its end), as seconds since 1970.
    static func seconds(_ text: String) -> Int64? {
        let text = text.hasSuffix("UTC") ? text.dropLast(3) + "Z" : text[...]
        return (try? Date(String(text), strategy: .iso8601)).map { Int64($0.timeIntervalSince1970) }
    }
}
