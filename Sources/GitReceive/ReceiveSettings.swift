internal import Deployers
internal import Diagnostics
internal import ProcessRunner

#if canImport(Glibc)
    internal import Glibc
#endif

/// What the server's repository is told about the platform that it deploys to: `bimReceive.*` in its configuration.
struct ReceiveSettings: Sendable {
    static let section = "bimReceive"

    /// The platform and the app, as a remote of bim's names them.
    let address: RemoteAddress
    /// Nil for a platform that this user runs on this machine.
    let tokenFile: String?
    let registry: String?

    init(_ repository: ServerRepository) async throws(UserError) {
        guard let text = await repository.setting("\(Self.section).platform") else {
            throw UserError(
                .configInvalid, "the server's repository is not told which platform it deploys to",
                hint: "on the server: bim-receive install <repository> https://<host>/<user>/<app>")
        }
        address = try RemoteAddress(text)
        tokenFile = await repository.setting("\(Self.section).tokenFile")
        registry = await repository.setting("\(Self.section).registry")
    }

    init(address: RemoteAddress, tokenFile: String?, registry: String?) {
        self.address = address
        self.tokenFile = tokenFile
        self.registry = registry
    }

    /// The app on its platform.
    ///
    /// - Throws: `CONFIG_INVALID` for a token that others can read, `UNAUTHENTICATED` for none.
    func connect(_ environment: [String: String]) async throws(UserError) -> PlatformConnection {
        // Neither the pusher's session nor git's own variables have a say in whom we speak to, and as whom.
        var variables = CleanEnvironment.removingGitVariables(from: environment)
        variables["BIM_TOKEN"] = try tokenFile.map { path throws(UserError) in try Self.token(in: path) }
        if case .api(let baseURL, _) = address {
            variables["BIM_TOKEN_HOST"] = String(baseURL.drop { $0 != "/" }.dropFirst(2))
        }
        return try await PlatformConnection(address, environment: variables, onStart: {})
    }

    private static func token(in path: String) throws(UserError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw UserError(
                .unauthenticated, "the server cannot read its token for the platform",
                hint: "on the server, as the user that git runs as: ls -l '\(path)'")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw UserError(
                .configInvalid, "the server's token for the platform can be read by others than git's user",
                hint: "on the server: chmod 600 '\(path)'")
        }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        let token = String(decoding: bytes[..<max(count, 0)], as: UTF8.self).filter { !$0.isWhitespace }
        guard !token.isEmpty else {
            throw UserError(
                .unauthenticated, "the server's token for the platform is empty", hint: "write it into its file")
        }
        return token
    }
}
