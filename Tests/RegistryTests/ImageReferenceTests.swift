import Testing

@testable import Registry

/// Names of images.
struct ImageReferenceTests {
    @Test(
        "Short names are Docker Hub's, and loopback registries are spoken to in the clear",
        arguments: zip(
            [
                "python", "python:3.12", "acme/api", "ghcr.io/acme/api:v1", "localhost:5000/x",
                "127.0.0.1:5000/a/b@sha256:abc",
            ],
            [
                "docker.io/library/python:latest https://registry-1.docker.io",
                "docker.io/library/python:3.12 https://registry-1.docker.io",
                "docker.io/acme/api:latest https://registry-1.docker.io", "ghcr.io/acme/api:v1 https://ghcr.io",
                "localhost:5000/x:latest http://localhost:5000", "127.0.0.1:5000/a/b@sha256:abc http://127.0.0.1:5000",
            ]))
    func valid(_ text: String, _ expected: String) throws {
        let reference = try #require(ImageReference(text))
        #expect("\(reference) \(RegistryEndpoint(host: reference.host, environment: [:]).baseURL)" == expected)
    }

    @Test(
        "What is no name is refused",
        arguments: [
            "", "UPPER/case", "a//b", "a/../b", "ghcr.io/", "x:ta g", "x:", "user:pw@ghcr.io/a", "a/b?c",
            "ghcr.io/a\nb",
        ])
    func refused(_ text: String) {
        #expect(ImageReference(text) == nil)
    }
}
