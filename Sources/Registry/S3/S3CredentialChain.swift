internal import Artifacts
internal import HTTPTransport
internal import ProcessRunner

#if canImport(Glibc)
    internal import Glibc
#endif

/// Looks for credentials where users of AWS's own tools expect them, the first place wins: the environment, a web
/// identity, the profile, the container's service, the machine's service.
struct S3CredentialChain: Sendable {
    let environment: [String: String]
    let transport: HTTPTransport
    /// How long to wait for a service that most machines do not have.
    var machineDeadline: Duration = .seconds(1)

    private var profileName: String { environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"] ?? "default" }

    /// The region that the environment or the profile names.
    var region: String? {
        environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
            ?? ProfileFile(environment: environment)[profileName]?["region"]
    }

    func find() async throws -> S3Credentials? {
        if let key = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"] {
            return S3Credentials(
                accessKey: key, secretKey: secret, sessionToken: environment["AWS_SESSION_TOKEN"],
                source: "AWS_ACCESS_KEY_ID")
        }
        if let found = try await webIdentity() { return found }
        if let found = try await profile() { return found }
        if let found = try await container() { return found }
        return await machine()
    }

    /// Profiles: a key, or a program that prints one.
    private func profile() async throws -> S3Credentials? {
        guard let profile = ProfileFile(environment: environment)[profileName] else { return nil }
        if let key = profile["aws_access_key_id"], let secret = profile["aws_secret_access_key"] {
            return S3Credentials(
                accessKey: key, secretKey: secret, sessionToken: profile["aws_session_token"],
                source: "the profile '\(profileName)'")
        }
        guard let program = profile["credential_process"] else { return nil }
        let answer = try? await Command("sh", ["-c", program], environment: environment)
            .capture(limit: 1 << 20, deadline: .seconds(60))
        guard let answer, answer.status.isSuccess, let key = ServiceKey(answer.output) else {
            throw S3Error.noCredentials("the program of the profile '\(profileName)' gave none")
        }
        return key.credentials(from: "the program of the profile '\(profileName)'")
    }
}

/// Services that give keys for a while.
extension S3CredentialChain {
    /// What containers' and machines' services and programs answer.
    private struct ServiceKey: Decodable {
        let accessKeyId: String
        let secretAccessKey: String
        let token: String?
        let sessionToken: String?

        enum CodingKeys: String, CodingKey {
            case accessKeyId = "AccessKeyId"
            case secretAccessKey = "SecretAccessKey"
            case token = "Token"
            case sessionToken = "SessionToken"
        }

        init?(_ text: [UInt8]) {
            guard let key = try? CanonicalJSON.decode(ServiceKey.self, from: text) else { return nil }
            self = key
        }

        func credentials(from source: String) -> S3Credentials {
            S3Credentials(
                accessKey: accessKeyId, secretKey: secretAccessKey, sessionToken: token ?? sessionToken, source: source)
        }
    }

    private func webIdentity() async throws -> S3Credentials? {
        guard let file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"], let role = environment["AWS_ROLE_ARN"],
            let token = SmallFile.text(file)
        else { return nil }
        let host = environment["AWS_ENDPOINT_URL_STS"] ?? "https://sts.\(region ?? "us-east-1").amazonaws.com"
        let form = FormEncoding.encode([
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", environment["AWS_ROLE_SESSION_NAME"] ?? "bim"), ("WebIdentityToken", token),
        ])
        let reply = try? await transport.send(
            Exchange(
                "POST", host + "/", headers: [("Content-Type", "application/x-www-form-urlencoded")],
                body: .bytes(Array(form.utf8))))
        guard let reply, reply.status == 200, let key = XMLText(reply.body)["AccessKeyId"],
            let secret = XMLText(reply.body)["SecretAccessKey"]
        else { throw S3Error.noCredentials("the role '\(role)' was not given") }
        return S3Credentials(
            accessKey: key, secretKey: secret, sessionToken: XMLText(reply.body)["SessionToken"],
            source: "the role '\(role)'")
    }

    private func container() async throws -> S3Credentials? {
        let relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"].map { "http://169.254.170.2\($0)" }
        guard let url = relative ?? environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"], let address = WebAddress(url)
        else { return nil }
        // In the clear only to where nothing is between.
        guard address.scheme == "https" || address.isPrivate else {
            throw S3Error.noCredentials("AWS_CONTAINER_CREDENTIALS_FULL_URI is not encrypted")
        }
        let token =
            environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"].flatMap { SmallFile.text($0) }
            ?? environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        let headers = token.map { [(name: "Authorization", value: $0)] } ?? []
        let reply = try? await transport.send(Exchange("GET", url, headers: headers, deadline: .seconds(5)))
        guard let reply, reply.status == 200, let key = ServiceKey(reply.body) else {
            throw S3Error.noCredentials("the container's service gave none")
        }
        return key.credentials(from: "the container's service")
    }

    /// The machine's service, version 2; who has none waits a second for it.
    private func machine() async -> S3Credentials? {
        guard environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() != "true" else { return nil }
        let base = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? "http://169.254.169.254"
        let path = "\(base)/latest/meta-data/iam/security-credentials/"
        let session = Exchange(
            "PUT", "\(base)/latest/api/token", headers: [("x-aws-ec2-metadata-token-ttl-seconds", "300")],
            deadline: machineDeadline)
        guard let token = try? await transport.send(session, retry: .never), token.status == 200 else { return nil }
        let headers = [(name: "x-aws-ec2-metadata-token", value: String(decoding: token.body, as: UTF8.self))]
        guard
            let role = try? await transport.send(
                Exchange("GET", path, headers: headers, deadline: machineDeadline * 2)),
            role.status == 200, let name = String(decoding: role.body, as: UTF8.self).split(separator: "\n").first,
            let reply = try? await transport.send(
                Exchange("GET", path + name, headers: headers, deadline: machineDeadline * 2)),
            reply.status == 200
        else { return nil }
        return ServiceKey(reply.body)?.credentials(from: "the machine's service")
    }
}
