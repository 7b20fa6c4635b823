import Artifacts
import Testing

@testable import Registry

/// Signatures are those that botocore 1.43 makes of the same requests.
struct RequestSignerTests {
    private static let credentials = S3Credentials(
        accessKey: "AKID", secretKey: "SECRET/+x", sessionToken: "TOKEN=", source: "test")
    private let signer = RequestSigner(credentials: Self.credentials, region: "eu-central-1", time: 1_900_000_000)

    private func signature(_ headers: [(name: String, value: String)]) -> String? {
        headers.last { $0.name == "Authorization" }?.value.split(separator: "=").last.map(String.init)
    }

    @Test("A PUT with a condition, a token and a key that needs escaping")
    func put() {
        let headers = signer.headers(
            "PUT", host: "localhost:9000", path: "/bucket" + RequestSigner.path("a b/ü.zip"),
            headers: [("content-type", "application/zip"), ("if-none-match", "*")],
            payload: Digest.sha256(of: Array("hello".utf8)).hex)
        #expect(signature(headers) == "e82251b41125f30e4db8abb6b07b7cdcad5aa1256eddb4a667b43e7c1fac6035")
    }

    @Test("A GET with a query, in whatever order it is given")
    func query() {
        for query in [[("uploadId", "a/b"), ("partNumber", "2")], [("partNumber", "2"), ("uploadId", "a/b")]] {
            let headers = signer.headers(
                "GET", host: "bucket.s3.eu-central-1.amazonaws.com", path: "/x", query: query,
                payload: Digest.sha256(of: []).hex)
            #expect(signature(headers) == "8322cc1f5049ff13a5c0bd32743cb6bd6b8646c52ab9d01c648bc7d8af3c6107")
        }
    }

    @Test("A URL that anybody may read from for ten minutes")
    func presigned() {
        let query = signer.presignedQuery(
            "GET", host: "bucket.s3.eu-central-1.amazonaws.com", path: "/app/x.zip", seconds: 600)
        #expect(query.hasSuffix("&X-Amz-Signature=b4f79ffecfdd0ef76a625c5e189d6ad3599d882cbe7535114b3b072a5abc422c"))
        #expect(query.contains("X-Amz-Credential=AKID%2F20300317%2Feu-central-1%2Fs3%2Faws4_request&"))
        #expect(!query.contains("SECRET"))
    }

    @Test("No URL is good for more than seven days")
    func longest() {
        #expect(signer.presignedQuery("GET", host: "h", path: "/", seconds: .max).contains("X-Amz-Expires=604800&"))
    }
}
