internal import Artifacts
internal import HTTPTransport

#if canImport(Glibc)
    internal import Glibc
#endif

/// AWS's service that gives keys of roles (AWS STS API, version 2011-06-15).
struct SecurityTokenService: Sendable {
    /// A role, and what is said when it is asked for.
    struct Wish: Sendable {
        let role: String
        let session: String
        let externalID: String?
        let seconds: String?

        init(_ role: String, session: String?, externalID: String? = nil, seconds: String? = nil) {
            self.role = role
            self.session = session ?? "bim"
            self.externalID = externalID
            self.seconds = seconds
        }

        fileprivate var fields: [(String, String)] {
            [("Version", "2011-06-15"), ("RoleArn", role), ("RoleSessionName", session)]
                + (externalID.map { [("ExternalId", $0)] } ?? []) + (seconds.map { [("DurationSeconds", $0)] } ?? [])
        }
    }

    let environment: [String: String]
    let region: String
    let transport: HTTPTransport

    /// The key of a role for who has the token in a file.
    func assume(_ wish: Wish, tokenIn file: String) async throws -> S3Credentials {
        guard let token = SmallFile.text(file) else {
            throw S3Error.noCredentials("the token for the role '\(wish.role)' in '\(file)' cannot be read")
        }
        let fields = [("Action", "AssumeRoleWithWebIdentity"), ("WebIdentityToken", token)] + wish.fields
        return try await ask(wish, fields, signer: nil)
    }

    /// The key of a role for who has another key.
    func assume(_ wish: Wish, with credentials: S3Credentials) async throws -> S3Credentials {
        let signer = RequestSigner(
            credentials: credentials, region: region, service: "sts", time: Int64(time(nil)))
        return try await ask(wish, [("Action", "AssumeRole")] + wish.fields, signer: signer)
    }

    private func ask(_ wish: Wish, _ fields: [(String, String)], signer: RequestSigner?) async throws -> S3Credentials {
        let address = try address()
        let form = Array(FormEncoding.encode(fields).utf8)
        var headers = [(name: "Content-Type", value: "application/x-www-form-urlencoded")]
        if let signer {
            headers = signer.headers(
                "POST", host: address.authority, path: "/", headers: headers, payload: Digest.sha256(of: form).hex)
        }
        let reply: Reply
        do {
            reply = try await transport.send(
                Exchange("POST", address.base + "/", headers: headers, body: .bytes(form)))
        } catch let error as TransportError {
            throw S3Error.noCredentials("'\(address.host)' was asked for the role '\(wish.role)': \(error.detail)")
        }
        let answer = XMLText(reply.body)
        guard reply.status == 200, let key = answer["AccessKeyId"], let secret = answer["SecretAccessKey"] else {
            throw S3Error.roleRefused(
                role: wish.role, source: signer?.credentials.source, message: answer["Message"] ?? "no reason given")
        }
        return S3Credentials(
            accessKey: key, secretKey: secret, sessionToken: answer["SessionToken"], source: "the role '\(wish.role)'",
            expiration: answer["Expiration"].flatMap { S3Credentials.seconds($0) })
    }

    /// Keys and tokens go there, so it is encrypted or this machine.
    private func address() throws -> WebAddress {
        let own = environment["AWS_ENDPOINT_URL_STS"] ?? environment["AWS_ENDPOINT_URL"]
        let text = own ?? "https://sts.\(region).amazonaws.com"
        guard let address = WebAddress(text), address.scheme == "https" || Loopback.contains(address.host) else {
            throw S3Error.noCredentials("roles are not asked for at '\(text)', which is not encrypted")
        }
        return address
    }
}
