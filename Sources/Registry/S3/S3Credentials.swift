/// A key for S3, and where it was found.
package struct S3Credentials: Hashable, Sendable {
    package let accessKey: String
    package let secretKey: String
    /// Sent along where the key is a temporary one.
    package let sessionToken: String?
    /// What an error names.
    package let source: String

    package init(accessKey: String, secretKey: String, sessionToken: String? = nil, source: String) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.source = source
    }
}
