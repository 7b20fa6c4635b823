internal import HTTPTransport

/// Where objects lie: `s3://bucket/prefix` at an endpoint.
package struct S3Location: Hashable, Sendable {
    package let bucket: String
    /// Without slashes around it; empty for the bucket itself.
    package let prefix: String
    /// Scheme, host and port of a store other than AWS's; nil for AWS's.
    let endpoint: String?
    let region: String?

    /// Reads `s3://bucket/prefix`; `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` or the profile's `endpoint_url` names a
    /// store other than AWS's.
    ///
    /// - Returns: nil for what is no such URL, and for an endpoint that is neither encrypted nor this machine.
    package init?(_ text: String, environment: [String: String]) {
        guard text.hasPrefix("s3://") else { return nil }
        let parts = text.dropFirst(5).split(separator: "/", omittingEmptySubsequences: true)
        guard let bucket = parts.first, (3...63).contains(bucket.utf8.count),
            bucket.utf8.allSatisfy({
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: ".")
            })
        else { return nil }
        self.bucket = String(bucket)
        prefix = parts.dropFirst().joined(separator: "/")
        region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
        var own =
            environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"]
            ?? ProfileFile(environment: environment)[ProfileFile.name(environment)]?["endpoint_url"]
        while own?.hasSuffix("/") == true { own?.removeLast() }
        endpoint = own?.isEmpty == true ? nil : own
        if let endpoint {
            guard let address = WebAddress(endpoint), address.scheme == "https" || Loopback.contains(address.host)
            else {
                return nil
            }
        }
    }

    /// Base URL, host and path prefix for a region: virtual-host style at AWS where the name allows it, else by path.
    func base(region: String) -> (url: String, host: String, path: String) {
        if let endpoint, let address = WebAddress(endpoint) {
            return (endpoint, address.authority, "/\(bucket)")
        }
        let host = "s3.\(region).amazonaws.com"
        if bucket.contains(".") { return ("https://\(host)", host, "/\(bucket)") }
        return ("https://\(bucket).\(host)", "\(bucket).\(host)", "")
    }
}
