internal import Artifacts
internal import HTTPTransport

/// The services of containers and machines in a cloud, which give keys for a while.
struct CredentialServices: Sendable {
    let environment: [String: String]
    let transport: HTTPTransport
    /// How long to wait for a service that most machines do not have.
    let machineDeadline: Duration

    /// The key of the container; nil where there is no such service.
    func container() async throws -> S3Credentials? {
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

    /// The key of the machine, by version 2 of its service; who has none waits a second for it.
    func machine() async -> S3Credentials? {
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

/// What containers' and machines' services answer, and programs that print keys.
struct ServiceKey: Decodable {
    private let accessKeyId: String
    private let secretAccessKey: String
    private let token: String?
    private let sessionToken: String?
    private let expiration: String?

    enum CodingKeys: String, CodingKey {
        case accessKeyId = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case token = "Token"
        case sessionToken = "SessionToken"
        case expiration = "Expiration"
    }

    init?(_ text: [UInt8]) {
        guard let key = try? CanonicalJSON.decode(ServiceKey.self, from: text) else { return nil }
        self = key
    }

    func credentials(from source: String) -> S3Credentials {
        S3Credentials(
            accessKey: accessKeyId, secretKey: secretAccessKey, sessionToken: token ?? sessionToken, source: source,
            expiration: expiration.flatMap { S3Credentials.seconds($0) })
    }
}
