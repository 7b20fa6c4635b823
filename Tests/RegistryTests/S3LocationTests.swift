import Testing

@testable import Registry

/// Where S3's objects are and who may reach them.
struct S3LocationTests {
    @Test(
        "Buckets are names in the host where they can be, else in the path",
        arguments: [
            ("s3://acme/x/y", [:], "https://acme.s3.eu-west-1.amazonaws.com acme.s3.eu-west-1.amazonaws.com "),
            ("s3://acme.dots/", [:], "https://s3.eu-west-1.amazonaws.com s3.eu-west-1.amazonaws.com /acme.dots"),
            (
                "s3://acme", ["AWS_ENDPOINT_URL": "https://r2.example:8443/"],
                "https://r2.example:8443 r2.example:8443 /acme"
            ),
            (
                "s3://acme", ["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000"],
                "http://127.0.0.1:9000 127.0.0.1:9000 /acme"
            ),
        ] as [(String, [String: String], String)])
    func base(_ text: String, _ environment: [String: String], _ expected: String) throws {
        let base = try #require(S3Location(text, environment: environment)).base(region: "eu-west-1")
        #expect("\(base.url) \(base.host) \(base.path)" == expected)
    }

    @Test(
        "What is no place of S3's is refused, and so is an endpoint in the clear",
        arguments: ["s3://", "s3://UP", "s3://a", "https://x", "s3://a b/c"])
    func refused(_ text: String) {
        #expect(S3Location(text, environment: [:]) == nil)
        #expect(S3Location("s3://acme", environment: ["AWS_ENDPOINT_URL": "http://example.org"]) == nil)
    }

    @Test("A profile may name the endpoint; settings of one service below a key are not the profile's")
    func endpointOfProfile() throws {
        let cargo = try Cargo()
        try cargo.write(
            "[profile r2]\nendpoint_url = https://r2.example\n[default]\ns3 =\n  endpoint_url = https://no.example\n",
            to: ".aws/config")
        let location = try #require(S3Location("s3://acme", environment: cargo.environment(["AWS_PROFILE": "r2"])))
        #expect(location.base(region: "auto").url == "https://r2.example")
        #expect(try #require(S3Location("s3://acme", environment: cargo.environment())).endpoint == nil)
    }
}
