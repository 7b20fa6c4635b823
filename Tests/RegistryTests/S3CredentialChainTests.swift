import Foundation
import HTTPTransport
import NIOHTTP1
import Testing

@testable import Registry

/// The order of credentials.
struct S3CredentialChainTests {
    private let cargo: Cargo

    init() throws {
        cargo = try Cargo()
    }

    private func find(_ variables: [String: String]) async throws -> S3Credentials? {
        try await S3CredentialChain(
            environment: cargo.environment(variables).merging(["AWS_EC2_METADATA_DISABLED": "true"]) { own, _ in own },
            transport: HTTPTransport(), machineDeadline: .seconds(30)
        ).find()
    }

    @Test("Environment, then profile, then the profile's program")
    func files() async throws {
        try cargo.write(
            "[default]\naws_access_key_id = A\naws_secret_access_key=s\n[other]\naws_access_key_id=B\naws_secret_access_key=s=1\n",
            to: ".aws/credentials")
        try cargo.write(
            "# x\n[profile program]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"C\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\"}'\n[profile broken]\ncredential_process=false\n",
            to: ".aws/config")
        #expect(try await find(["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "s"])?.accessKey == "E")
        #expect(try await find([:])?.accessKey == "A")
        #expect(try await find(["AWS_PROFILE": "other"])?.secretKey == "s=1")
        #expect(try await find(["AWS_PROFILE": "program"])?.sessionToken == "t")
        #expect(try await find(["AWS_PROFILE": "none"]) == nil)
        await #expect(throws: S3Error.self) { try await find(["AWS_PROFILE": "broken"]) }
    }

    @Test("The container's service and the machine's, version 2, give keys; a role's comes from STS")
    func services() async throws {
        let key = #"{"AccessKeyId":"K","SecretAccessKey":"s","Token":"t"}"#
        let peer = try await HTTPPeer { question in
            switch (question.method, question.path) {
            case ("GET", "/container"):
                return .init(
                    status: question.headers.first(name: "Authorization") == "pass" ? 200 : 403, body: Array(key.utf8))
            case ("PUT", "/latest/api/token"): return .init(status: 200, body: Array("session".utf8))
            case ("GET", "/latest/meta-data/iam/security-credentials/"):
                return .init(status: 200, body: Array("role\n".utf8))
            case ("GET", "/latest/meta-data/iam/security-credentials/role"):
                let isKnown = question.headers.first(name: "x-aws-ec2-metadata-token") == "session"
                return .init(
                    status: isKnown ? 200 : 401, body: Array(key.replacingOccurrences(of: "\"K\"", with: "\"M\"").utf8))
            case ("POST", "/"):
                let isRight = String(decoding: question.body, as: UTF8.self).contains("WebIdentityToken=jwt")
                return .init(
                    status: isRight ? 200 : 400,
                    body: Array("<r><AccessKeyId>W</AccessKeyId><SecretAccessKey>s&amp;</SecretAccessKey></r>".utf8))
            default: return .init(status: 404)
            }
        }
        let base = "http://\(peer.host)"
        let container = [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(base)/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "pass",
        ]
        #expect(try await find(container)?.accessKey == "K")
        let machine = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": base, "AWS_EC2_METADATA_DISABLED": "false"]
        #expect(try await find(machine)?.accessKey == "M")
        try cargo.write("jwt\n", to: "token")
        let role = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": "\(cargo.folder)/token", "AWS_ROLE_ARN": "r", "AWS_ENDPOINT_URL_STS": base,
        ]
        #expect(try await find(role)?.secretKey == "s&")
        withExtendedLifetime(peer) {}
    }

    @Test("A role of the profile is asked for with the key of its source, and may need a source of its own")
    func roles() async throws {
        let sts = try await HTTPPeer { question in
            let form = String(decoding: question.body, as: UTF8.self)
            let signer = question.headers.first(name: "Authorization") ?? ""
            guard form.contains("Action=AssumeRole&"), signer.contains("/sts/aws4_request") else {
                return .init(status: 403, body: Array("<r><Message>not you</Message></r>".utf8))
            }
            let key = form.contains("RoleArn=inner") ? "INNER" : signer.contains("Credential=INNER/") ? "OUTER" : "NONE"
            let isNamed = form.contains("RoleSessionName=me&ExternalId=x%2Fy&DurationSeconds=900")
            let text = """
                <AssumeRoleResponse><Credentials><AccessKeyId>\(key)</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
                <SessionToken>\(isNamed)</SessionToken><Expiration>2001-09-09T01:46:40Z</Expiration></Credentials></AssumeRoleResponse>
                """
            return .init(status: 200, body: Array(text.utf8))
        }
        try cargo.write(
            """
            [default]
            role_arn = inner
            source_profile = default
            aws_access_key_id = A
            aws_secret_access_key = s
            [profile outer]
            role_arn = outer
            source_profile = default
            role_session_name = me
            external_id = x/y
            duration_seconds = 900
            [profile environment]
            role_arn = inner
            credential_source = Environment
            [profile circle]
            role_arn = r
            source_profile = other
            [profile other]
            role_arn = r
            source_profile = circle
            [profile device]
            role_arn = r
            source_profile = default
            mfa_serial = arn:x
            [profile nobody]
            role_arn = r
            """, to: ".aws/config")
        let endpoint = ["AWS_ENDPOINT_URL_STS": "http://\(sts.host)"]
        func find(_ profile: String) async throws -> S3Credentials? {
            try await self.find(endpoint.merging(["AWS_PROFILE": profile]) { $1 })
        }
        let inner = try await find("default")
        #expect(inner?.accessKey == "INNER" && inner?.source == "the role 'inner'")
        #expect(inner?.expiration == 1_000_000_000)
        let outer = try await find("outer")
        #expect(outer?.accessKey == "OUTER" && outer?.sessionToken == "true")
        await #expect(throws: S3Error.interactive(profile: "device", why: "wants a code of a device")) {
            try await find("device")
        }
        await #expect(throws: S3Error.noCredentials("the profile 'circle' is the source of its own source")) {
            try await find("circle")
        }
        await #expect(
            throws: S3Error.noCredentials("the profile 'nobody' does not say whose key asks for the role 'r'")
        ) { try await find("nobody") }
        await #expect(
            throws: S3Error.noCredentials("roles are not asked for at 'http://example.org', which is not encrypted")
        ) { try await self.find(["AWS_ENDPOINT_URL_STS": "http://example.org"]) }
        withExtendedLifetime(sts) {}
    }

    @Test("Single sign-on: the token that 'aws sso login' left gets a key from the portal", arguments: [true, false])
    func signOn(named: Bool) async throws {
        let portal = try await HTTPPeer { question in
            let isKnown = question.headers.first(name: "x-amz-sso_bearer_token") == "token"
            guard isKnown, question.query == ["account_id": "1234", "role_name": "Deploy"] else {
                return .init(status: 401)
            }
            let key =
                #"{"accessKeyId":"P","secretAccessKey":"s","sessionToken":"t","expiration":1000000000000}"#
            return .init(status: 200, body: Array(#"{"roleCredentials":\#(key)}"#.utf8))
        }
        let address = "sso_start_url = https://acme.example/start\nsso_region = eu-west-1\n"
        try cargo.write(
            "[default]\nsso_account_id = 1234\nsso_role_name = Deploy\n"
                + (named ? "sso_session = acme\n[sso-session acme]\n" : "") + address, to: ".aws/config")
        // The SHA-1 of the session's name, or else of the address, as sha1sum gives it.
        let hash = named ? "293abb6b76d7791c0732cc517d38c4b5c734b87f" : "32b9d3c1dabf96c36d5542a011699561d2dee1fa"
        let path = ".aws/sso/cache/\(hash).json"
        let variables = ["AWS_ENDPOINT_URL_SSO": "http://\(portal.host)"]
        await #expect(throws: S3Error.signedOff(profile: "default")) { try await find(variables) }
        try cargo.write(#"{"accessToken":"token","expiresAt":"2001-01-01T00:00:00Z"}"#, to: path)
        await #expect(throws: S3Error.signedOff(profile: "default")) { try await find(variables) }
        try cargo.write(#"{"accessToken":"revoked","expiresAt":"2100-01-01T00:00:00UTC"}"#, to: path)
        await #expect(throws: S3Error.signedOff(profile: "default")) { try await find(variables) }
        try cargo.write(#"{"accessToken":"token","expiresAt":"2100-01-01T00:00:00Z"}"#, to: path)
        let found = try await find(variables)
        #expect(found?.accessKey == "P" && found?.sessionToken == "t" && found?.expiration == 1_000_000_000)
        withExtendedLifetime(portal) {}
    }
}
