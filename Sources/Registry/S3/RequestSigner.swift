internal import Artifacts
internal import Crypto
internal import FoundationEssentials

/// Signs requests to S3 and its neighbours by AWS Signature Version 4, in headers or in the query of a URL.
struct RequestSigner: Sendable {
    let credentials: S3Credentials
    let region: String
    /// As AWS's signatures name it, such as `s3`.
    var service = "s3"
    /// Seconds since 1970.
    let time: Int64

    /// What is signed for a body that is not hashed; only to be used over `https`.
    static let unsignedPayload = "UNSIGNED-PAYLOAD"

    private var day: String { String(stamp.prefix(8)) }
    private var stamp: String { String(RFC3339.text(time).filter { $0 != "-" && $0 != ":" }) }
    private var scope: String { "\(day)/\(region)/\(service)/aws4_request" }

    /// The headers to send for a request: those given, and with them what makes the signature.
    ///
    /// - Parameters:
    ///   - path: escaped as it is sent.
    ///   - payload: the SHA-256 of the body in hexadecimal digits, or ``unsignedPayload``.
    func headers(
        _ method: String, host: String, path: String, query: [(String, String)] = [],
        headers: [(name: String, value: String)] = [], payload: String
    ) -> [(name: String, value: String)] {
        var all = headers + [("x-amz-date", stamp), ("x-amz-content-sha256", payload)]
        if let token = credentials.sessionToken { all.append(("x-amz-security-token", token)) }
        let signed = (all + [("host", host)]).map { (name: $0.name.lowercased(), value: $0.value) }
            .sorted { $0.name < $1.name }
        let names = signed.map(\.name).joined(separator: ";")
        let request = [
            method, path, Self.canonical(query), signed.map { "\($0.name):\($0.value)\n" }.joined(), names, payload,
        ].joined(separator: "\n")
        let value =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature(request))"
        return all + [("Authorization", value)]
    }

    /// The query of a URL with which anybody may make the request for so many seconds, at most seven days.
    func presignedQuery(_ method: String, host: String, path: String, seconds: Int) -> String {
        var query = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", "\(credentials.accessKey)/\(scope)"),
            ("X-Amz-Date", stamp), ("X-Amz-Expires", String(min(max(seconds, 1), 604_800))),
            ("X-Amz-SignedHeaders", "host"),
        ]
        if let token = credentials.sessionToken { query.append(("X-Amz-Security-Token", token)) }
        let request = [method, path, Self.canonical(query), "host:\(host)\n", "host", Self.unsignedPayload]
            .joined(separator: "\n")
        return Self.canonical(query) + "&X-Amz-Signature=\(signature(request))"
    }

    /// A query in the one order and spelling that is signed and sent.
    static func canonical(_ query: [(String, String)]) -> String {
        let escaped = query.map { field in
            (name: FormEncoding.escape(field.0), value: FormEncoding.escape(field.1))
        }
        let sorted = escaped.sorted { first, second in
            first.name == second.name ? first.value < second.value : first.name < second.name
        }
        return sorted.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    /// A key as a path: `/` as it is, everything else escaped once.
    static func path(_ key: String) -> String {
        "/"
            + key.split(separator: "/", omittingEmptySubsequences: false).map { FormEncoding.escape(String($0)) }
            .joined(separator: "/")
    }

    private func signature(_ request: String) -> String {
        let text = ["AWS4-HMAC-SHA256", stamp, scope, Digest.sha256(of: Array(request.utf8)).hex].joined(
            separator: "\n")
        var key = Data("AWS4\(credentials.secretKey)".utf8)
        for part in [day, region, service, "aws4_request"] { key = Self.mac(part, key) }
        return Self.mac(text, key).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func mac(_ text: String, _ key: Data) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: key)))
    }
}
