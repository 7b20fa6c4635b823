import Artifacts
import Diagnostics
import Testing

@testable import Registry

/// Each error of this library as people read it: its code, its sentence, what to do next.
struct ErrorWordingTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let error: UserError
        let expected: String
        var testDescription: String { expected }

        init(_ error: UserError, _ expected: String) {
            (self.error, self.expected) = (error, expected)
        }
    }

    private static func check(_ row: Row) {
        #expect("\(row.error.code.rawValue): \(row.error.message) | \(row.error.hint ?? "")" == row.expected)
    }

    static let registry: [Row] = [
        Row(
            RegistryError.unauthorized(host: "ghcr.io", user: nil, source: nil).userError,
            "REGISTRY_AUTH: the registry 'ghcr.io' wants credentials, and none were found | podman login ghcr.io, or docker login ghcr.io"
        ),
        Row(
            RegistryError.unauthorized(host: "ghcr.io", user: "dev", source: "/home/dev/.docker/config.json").userError,
            "REGISTRY_AUTH: the registry 'ghcr.io' does not take the credentials of 'dev' from '/home/dev/.docker/config.json' | podman login ghcr.io, or docker login ghcr.io"
        ),
        Row(
            RegistryError.tokenRefused(host: "bim.example").userError,
            "REGISTRY_AUTH: the registry 'bim.example' does not take the platform's token | git bim login <remote>"
        ),
        Row(
            RegistryError.denied(host: "ghcr.io", repository: "acme/api", message: "no").userError,
            "REGISTRY_AUTH: the registry 'ghcr.io' does not allow this in 'acme/api': no | use an account or token that may write there"
        ),
        Row(
            RegistryError.refused(host: "x.io", status: 404, message: "no such repository").userError,
            "REGISTRY_UNREACHABLE: the registry 'x.io' refused the request with status 404: no such repository | create the repository in the registry if it does not do so itself, and push again"
        ),
        Row(
            RegistryError.refused(host: "x.io", status: 413, message: "no reason given").userError,
            "ARTIFACT_TOO_LARGE: the registry 'x.io' refused the request with status 413: no reason given | leave files out under 'exclude' of 'image' in bim.yml, or raise the limit of what stands before the registry"
        ),
        Row(
            RegistryError.blobsMissing(host: "x.io", repository: "acme/api").userError,
            "REGISTRY_UNREACHABLE: the registry 'x.io' lost what was uploaded to 'acme/api' | push again"),
        Row(
            RegistryError.noSpace(host: "x.io").userError,
            "QUOTA: no space is left in the registry 'x.io' | free some space there and push again"),
        Row(
            RegistryError.unreachable(host: "x.io", detail: "refused").userError,
            "REGISTRY_UNREACHABLE: the registry 'x.io' does not answer | push again"),
        Row(
            RegistryError.unreadableLayer(path: "/c/a.layer").userError,
            "BUILD_FAILED: the layer in '/c/a.layer' cannot be read | remove the cache folder and push again"),
        Row(
            RegistryError.privateAddress(host: "x.io").userError,
            "REGISTRY_UNREACHABLE: the registry 'x.io' leads to a private network | use a registry with a public address"
        ),
        Row(
            ImageSource.Failure.notFound("x.io/base:1").userError,
            "BUILD_FAILED: the base image 'x.io/base:1' was not found | correct image.base in bim.yml"),
        Row(
            ImageSource.Failure.noPlatform("x.io/base:1", offered: ["linux/arm64", "linux/s390x"]).userError,
            "PLATFORM_MISMATCH: the base image 'x.io/base:1' is for linux/arm64, linux/s390x alone | choose a base image for the platform's architecture"
        ),
        Row(
            ImageSource.Failure.unreadable("the image index of x is damaged").userError,
            "BUILD_FAILED: the image index of x is damaged | push again"),
    ]

    @Test("Registries and base images", arguments: registry)
    func registries(_ row: Row) { Self.check(row) }

    static let store: [Row] = [
        Row(
            S3Error.noCredentials("the container's service gave none").userError,
            "REGISTRY_AUTH: there are no credentials for S3: the container's service gave none | set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        ),
        Row(
            S3Error.interactive(profile: "ops", why: "wants a code of a device").userError,
            "REGISTRY_AUTH: there are no credentials for S3: the profile 'ops' wants a code of a device | eval \"$(aws configure export-credentials --profile ops --format env)\""
        ),
        Row(
            S3Error.signedOff(profile: "ops").userError,
            "REGISTRY_AUTH: the single sign-on of the profile 'ops' has ended, or never began | aws sso login --profile ops"
        ),
        Row(
            S3Error.roleRefused(role: "r", source: "the profile 'ops'", message: "not you").userError,
            "REGISTRY_AUTH: the role 'r' is not given for the key from the profile 'ops': not you | check the role's trust policy and the name in the profile"
        ),
        Row(
            S3Error.denied(bucket: "acme", source: "AWS_ACCESS_KEY_ID", code: "AccessDenied", message: "no").userError,
            "REGISTRY_AUTH: the bucket 'acme' does not allow this with the key from AWS_ACCESS_KEY_ID, AccessDenied: no | check that key and its rights: aws sts get-caller-identity"
        ),
        Row(
            S3Error.refused(bucket: "acme", status: 404, code: "NoSuchBucket", message: "gone").userError,
            "REGISTRY_UNREACHABLE: the bucket 'acme' refused the request with status 404, NoSuchBucket: gone | create the bucket or correct its name, and push again"
        ),
        Row(
            S3Error.refused(bucket: "acme", status: 503, code: "SlowDown", message: "busy").userError,
            "REGISTRY_UNREACHABLE: the bucket 'acme' refused the request with status 503, SlowDown: busy | push again"),
        Row(
            S3Error.unreachable(bucket: "acme", detail: "refused").userError,
            "REGISTRY_UNREACHABLE: the store of the bucket 'acme' does not answer: refused | push again"),
        Row(
            S3Error.missing(bucket: "acme", key: "a/b.zip").userError,
            "PULL_FAILED: there is no 'a/b.zip' in the bucket 'acme' | push again"),
        Row(
            S3Error.damaged(key: "a/b.zip").userError,
            "PULL_FAILED: 'a/b.zip' is not what its digest says | push again"),
        Row(
            S3Error.unreadableFile("/c/a.layer").userError,
            "BUILD_FAILED: the layer in '/c/a.layer' cannot be read | remove the cache folder and push again"),
    ]

    @Test("S3", arguments: store)
    func stores(_ row: Row) { Self.check(row) }

    @Test(
        "What a registry says is told, whatever its form",
        arguments: [
            (404, #"{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}"#, "no such repository"),
            (400, #"{"errors":[{"code":"TAG_INVALID"}]}"#, "TAG_INVALID"), (400, "<html>x</html>", "no reason given"),
            (400, #"{"errors":[]}"#, "no reason given"),
        ])
    func said(status: Int, body: String, message: String) async throws {
        let cargo = try Cargo()
        var quirks = ScriptedRegistry.Quirks()
        quirks.first = [("POST", 9, .init(status: status, body: Array(body.utf8)))]
        let peer = try await ScriptedRegistry(quirks).start()
        await #expect(throws: RegistryError.refused(host: peer.host, status: status, message: message)) {
            try await cargo.client(peer.host).upload(try cargo.image(["a"]))
        }
    }
}
