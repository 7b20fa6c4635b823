internal import Artifacts
internal import HTTPTransport
internal import ProcessRunner

/// Looks for credentials where users of AWS's own tools expect them, the first place wins: the environment, a web
/// identity, the profile, the container's service, the machine's service.
struct S3CredentialChain: Sendable {
    let environment: [String: String]
    let transport: HTTPTransport
    /// How long to wait for a service that most machines do not have.
    var machineDeadline: Duration = .seconds(1)

    private var profileName: String { ProfileFile.name(environment) }

    /// The region that the environment or the profile names.
    var region: String? {
        environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
            ?? ProfileFile(environment: environment)[profileName]?["region"]
    }

    func find() async throws -> S3Credentials? {
        if let found = keyOfEnvironment { return found }
        if let file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"], let role = environment["AWS_ROLE_ARN"] {
            return try await tokenService.assume(.init(role, session: sessionName), tokenIn: file)
        }
        let files = ProfileFile(environment: environment)
        if let found = try await profile(profileName, files, below: []) { return found }
        let services = CredentialServices(
            environment: environment, transport: transport, machineDeadline: machineDeadline)
        if let found = try await services.container() { return found }
        return await services.machine()
    }

    private var keyOfEnvironment: S3Credentials? {
        guard let key = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
            return nil
        }
        return S3Credentials(
            accessKey: key, secretKey: secret, sessionToken: environment["AWS_SESSION_TOKEN"],
            source: "AWS_ACCESS_KEY_ID")
    }

    private var sessionName: String? { environment["AWS_ROLE_SESSION_NAME"] }

    private var tokenService: SecurityTokenService {
        SecurityTokenService(environment: environment, region: region ?? "us-east-1", transport: transport)
    }
}

/// Profiles: a role, a key, single sign-on, or a program that prints a key.
extension S3CredentialChain {
    /// - Parameter users: the profiles that lead here, which a role's source may not lead back to.
    private func profile(_ name: String, _ files: ProfileFile, below users: [String]) async throws -> S3Credentials? {
        guard let profile = files[name] else { return nil }
        // A profile may name itself as the source of its role: then its key is meant.
        if let role = profile["role_arn"], users.last != name { return try await assume(role, name, files, users) }
        if let key = profile["aws_access_key_id"], let secret = profile["aws_secret_access_key"] {
            return S3Credentials(
                accessKey: key, secretKey: secret, sessionToken: profile["aws_session_token"],
                source: "the profile '\(name)'")
        }
        if profile["sso_account_id"] != nil || profile["sso_session"] != nil {
            return try await SingleSignOn(environment: environment, transport: transport)
                .credentials(of: name, profile, files)
        }
        guard let program = profile["credential_process"] else { return nil }
        let answer = try? await Command("sh", ["-c", program], environment: environment)
            .capture(limit: 1 << 20, deadline: .seconds(60))
        guard let answer, answer.status.isSuccess, let key = ServiceKey(answer.output) else {
            throw S3Error.noCredentials("the program of the profile '\(name)' gave none")
        }
        return key.credentials(from: "the program of the profile '\(name)'")
    }

    private func assume(
        _ role: String, _ name: String, _ files: ProfileFile, _ users: [String]
    ) async throws -> S3Credentials {
        let profile = files[name] ?? [:]
        guard profile["mfa_serial"] == nil else {
            throw S3Error.interactive(profile: name, why: "wants a code of a device")
        }
        guard !users.contains(name) else {
            throw S3Error.noCredentials("the profile '\(name)' is the source of its own source")
        }
        let wish = SecurityTokenService.Wish(
            role, session: profile["role_session_name"] ?? sessionName, externalID: profile["external_id"],
            seconds: profile["duration_seconds"])
        if let file = profile["web_identity_token_file"] { return try await tokenService.assume(wish, tokenIn: file) }
        let services = CredentialServices(
            environment: environment, transport: transport, machineDeadline: machineDeadline)
        let found: S3Credentials?
        switch (profile["source_profile"], profile["credential_source"]) {
        case (let source?, _): found = try await self.profile(source, files, below: users + [name])
        case (nil, "Environment"?): found = keyOfEnvironment
        case (nil, "EcsContainer"?): found = try await services.container()
        case (nil, "Ec2InstanceMetadata"?): found = await services.machine()
        default: found = nil
        }
        guard let found else {
            throw S3Error.noCredentials("the profile '\(name)' does not say whose key asks for the role '\(role)'")
        }
        return try await tokenService.assume(wish, with: found)
    }
}
