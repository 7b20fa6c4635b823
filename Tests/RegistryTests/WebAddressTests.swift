import Testing

@testable import HTTPTransport
@testable import Registry

/// Where a registry may send a client.
struct WebAddressTests {
    @Test(
        "Locations are resolved; private addresses of other hosts and the way out of https are refused",
        arguments: [
            ("https://r.io/v2/x/blobs/uploads/", "/v2/x/blobs/uploads/1?s=2", "https://r.io/v2/x/blobs/uploads/1?s=2"),
            ("https://r.io/v2/x/uploads/", "abc?d", "https://r.io/v2/x/uploads/abc?d"),
            ("https://r.io:8443/v2/", "/v2/1", "https://r.io:8443/v2/1"),
            ("https://r.io/v2/", "https://cdn.example/b?sig=1", "https://cdn.example/b?sig=1"),
            ("https://r.io/v2/", "//cdn.example/b", "https://cdn.example/b"),
            ("https://r.io/v2/", "http://r.io/v2/1?x", "https://r.io/v2/1?x"),
            ("https://r.io/v2/", "http://cdn.example/b", nil), ("https://r.io/v2/", "https://127.0.0.1/b", nil),
            ("https://r.io/v2/", "https://10.1.2.3/b", nil), ("https://r.io/v2/", "https://172.20.0.1/b", nil),
            ("https://r.io/v2/", "https://172.32.0.1/b", "https://172.32.0.1/b"),
            ("https://r.io/v2/", "https://192.168.1.1/b", nil),
            ("https://r.io/v2/", "https://169.254.169.254/latest", nil),
            ("https://r.io/v2/", "https://[::1]/b", nil), ("https://r.io/v2/", "https://[::ffff:10.0.0.1]/b", nil),
            ("https://r.io/v2/", "https://[fe80::1]/b", nil), ("https://r.io/v2/", "https://[fd00::1]:80/b", nil),
            ("https://r.io/v2/", "https://[2606:4700::1]/b", "https://[2606:4700::1]/b"),
            ("https://r.io/v2/", "https://2130706433/b", nil), ("https://r.io/v2/", "https://0x7f.1/b", nil),
            ("https://r.io/v2/", "https://localhost/b", nil), ("https://r.io/v2/", "https://a.localhost/b", nil),
            ("https://r.io/v2/", "https://user:pw@r.io/b", nil), ("https://r.io/v2/", "file:///etc/passwd", nil),
            ("http://127.0.0.1:5000/v2/", "http://127.0.0.1:6000/b", "http://127.0.0.1:6000/b"),
            ("http://127.0.0.1:5000/v2/", "http://10.0.0.1/b", nil),
        ] as [(String, String, String?)])
    func following(from: String, location: String, to: String?) throws {
        let address = try #require(WebAddress(from))
        #expect((try? address.following(location))?.text == to)
    }

    @Test("Challenges are read in every spelling")
    func challenges() {
        #expect(
            Challenge.all([#"Bearer realm="https://a/t?x=1,2",service=reg , scope="repository:a/b:pull,push""#])
                == [
                    Challenge(
                        scheme: "bearer",
                        parameters: [
                            "realm": "https://a/t?x=1,2", "service": "reg", "scope": "repository:a/b:pull,push",
                        ])
                ])
        #expect(
            Challenge.all(["Negotiate, Basic realm=\"a \\\"b\\\"\"", "BEARER realm=x"]).map(\.scheme) == [
                "negotiate", "basic", "bearer",
            ])
        #expect(Challenge.all(["", ",,", "="]).isEmpty)
    }

    @Test("Retry-After may be seconds or a date")
    func retryAfter() {
        #expect(HTTPDate.seconds(until: "Sun, 06 Nov 1994 08:49:37 GMT", now: 784_111_767) == 10)
        #expect(HTTPDate.seconds(until: "Sun, 06 Nov 1994 08:49:37 GMT", now: 784_111_800) == 0)
        #expect(HTTPDate.seconds(until: "soon") == nil)
    }

    @Test(
        "http is for loopback and what is configured",
        arguments: zip(
            ["ghcr.io", "localhost:5000", "127.0.0.1:5000", "10.0.0.5:5000", "docker.io"],
            [
                "https://ghcr.io", "http://localhost:5000", "http://127.0.0.1:5000", "http://10.0.0.5:5000",
                "https://registry-1.docker.io",
            ]))
    func endpoint(host: String, url: String) {
        #expect(RegistryEndpoint(host: host, environment: ["BIM_INSECURE_REGISTRIES": "10.0.0.5:5000"]).baseURL == url)
    }
}
