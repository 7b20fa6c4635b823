internal import Artifacts
internal import Crypto
internal import FoundationEssentials
internal import HTTPTransport

#if canImport(Glibc)
    internal import Glibc
#endif

/// Keys for those who are signed on: `aws sso login` leaves a token in a file, and the portal gives a key for it.
struct SingleSignOn: Sendable {
    let environment: [String: String]
    let transport: HTTPTransport

    /// What `aws sso login` leaves.
    private struct CachedToken: Decodable {
        let accessToken: String
        let expiresAt: String
    }

    /// What the portal answers; its times are in milliseconds since 1970.
    private struct Answer: Decodable {
        struct Key: Decodable {
            let accessKeyId: String
            let secretAccessKey: String
            let sessionToken: String
            let expiration: Int64
        }

        let roleCredentials: Key
    }

    /// The key of a profile, whose session may stand in a section of its own.
    func credentials(of name: String, _ profile: [String: String], _ files: ProfileFile) async throws -> S3Credentials {
        let session = profile["sso_session"].flatMap { files["sso-session", $0] } ?? profile
        guard let account = profile["sso_account_id"], let role = profile["sso_role_name"],
            let region = session["sso_region"], let cached = profile["sso_session"] ?? session["sso_start_url"]
        else {
            throw S3Error.noCredentials(
                "the profile '\(name)' lacks 'sso_account_id', 'sso_role_name', 'sso_region' or 'sso_start_url'")
        }
        guard let token = token(cached) else { throw S3Error.signedOff(profile: name) }
        let query = FormEncoding.encode([("account_id", account), ("role_name", role)])
        let exchange = Exchange(
            "GET", "\(try portal(region).base)/federation/credentials?\(query)",
            headers: [("x-amz-sso_bearer_token", token)])
        let reply: Reply
        do {
            reply = try await transport.send(exchange)
        } catch let error as TransportError {
            throw S3Error.noCredentials("the portal of the profile '\(name)' does not answer: \(error.detail)")
        }
        if reply.status == 401 { throw S3Error.signedOff(profile: name) }
        guard reply.status == 200, let key = try? CanonicalJSON.decode(Answer.self, from: reply.body).roleCredentials
        else {
            throw S3Error.roleRefused(role: role, source: "the profile '\(name)'", message: "status \(reply.status)")
        }
        return S3Credentials(
            accessKey: key.accessKeyId, secretKey: key.secretAccessKey, sessionToken: key.sessionToken,
            source: "the profile '\(name)'", expiration: key.expiration / 1000)
    }

    /// The token in the file that is named by the session, or by the address where no session has a name.
    private func token(_ name: String) -> String? {
        let hash = Insecure.SHA1.hash(data: Data(name.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let path = "\(environment["HOME"] ?? "/nonexistent")/.aws/sso/cache/\(hash.joined()).json"
        guard let text = SmallFile.read(path), let token = try? CanonicalJSON.decode(CachedToken.self, from: text),
            let end = S3Credentials.seconds(token.expiresAt), end > Int64(time(nil))
        else { return nil }
        return token.accessToken
    }

    private func portal(_ region: String) throws -> WebAddress {
        let text = environment["AWS_ENDPOINT_URL_SSO"] ?? "https://portal.sso.\(region).amazonaws.com"
        guard let address = WebAddress(text), address.scheme == "https" || Loopback.contains(address.host) else {
            throw S3Error.noCredentials("a token is not sent to '\(text)', which is not encrypted")
        }
        return address
    }
}
