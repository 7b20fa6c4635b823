internal import Artifacts
internal import Deployers
package import Diagnostics
internal import HTTPTransport
internal import PlatformAPI

#if canImport(Glibc)
    internal import Glibc
#endif

/// Makes a repository of a git server deploy what is pushed to it, and undoes that.
package struct ReceiveInstaller: Sendable {
    /// The first git with the hook `proc-receive`.
    private static let oldestGit = (2, 29)
    private static let mark = "# bim-receive:"

    private let repository: ServerRepository
    private let program: String

    /// - Parameter program: the path of `bim-receive`.
    package init(folder: String, environment: [String: String], program: String) {
        repository = ServerRepository(environment: environment, folder: folder)
        self.program = program
    }

    /// Asks the platform, puts the hook in its place and writes down what pushers need to know.
    ///
    /// - Parameters:
    ///   - platform: the app there, as a remote of bim's: `https://<host>/<user>/<app>` or `local/<app>`.
    ///   - tokenFile: holds the token; nil for the platform of this user.
    ///   - registry: where pushers shall put artifacts, where a project names no registry.
    /// - Returns: the app and the hook's path.
    package func install(
        platform: String, tokenFile: String?, registry: String?
    ) async throws(UserError) -> (app: String, hook: String) {
        try await requireGit()
        let hook = try await hookPath()
        if let text = Self.text(hook), !text.contains(Self.mark) {
            throw UserError(
                .configInvalid, "'\(hook)' is there already, and is not bim's",
                hint: "take it away first; git runs one 'proc-receive' only")
        }
        let address = try RemoteAddress(platform)
        let tokenPath = tokenFile.map { Self.absolute($0) }
        let settings = ReceiveSettings(address: address, tokenFile: tokenPath, registry: registry)
        let connection = try await settings.connect(repository.environment)
        let deployer = APIDeployer(
            connection, transport: HTTPTransport(settings: GitHTTPSettings(environment: repository.environment)))
        try await deployer.ensureApp()
        var description = try await deployer.describe()
        // A record stays in git, where a URL that opens a bucket has no business.
        description.features.removeAll { $0 == PlatformDescription.presignedURLs }
        description.features.append("push-options")
        for (key, value) in [
            ("\(ReceiveSettings.section).platform", Optional(platform)),
            ("\(ReceiveSettings.section).tokenFile", tokenPath),
            ("\(ReceiveSettings.section).registry", registry),
        ] { try await configure(key, value) }
        for (key, value) in Self.gitSettings {
            guard await repository.git(["config", "--replace-all", key, value, "^\(value)$"]) != nil else {
                throw Self.unwritable
            }
        }
        try await publish(ServerRecord(app: connection.app, platform: description, registry: registry))
        try Self.write(
            "#!/bin/sh\n\(Self.mark) deploys what is pushed; 'bim-receive uninstall' takes it away\nexec '\(program)' hook\n",
            to: hook)
        return (connection.app.description, hook)
    }

    /// Takes the hook and the settings away; refs and records stay.
    package func uninstall() async throws(UserError) {
        let hook = try await hookPath()
        if Self.text(hook)?.contains(Self.mark) == true { unlink(hook) }
        for (key, value) in Self.gitSettings {
            _ = await repository.git(["config", "--unset-all", key, "^\(value)$"])
        }
        _ = await repository.git(["config", "--remove-section", ReceiveSettings.section])
        _ = await repository.git(["update-ref", "-d", ServerRecord.ref])
    }

    private func configure(_ key: String, _ value: String?) async throws(UserError) {
        let isDone: Bool
        if let value {
            isDone = await repository.git(["config", "--replace-all", key, value]) != nil
        } else {
            _ = await repository.git(["config", "--unset-all", key])
            isDone = true
        }
        guard isDone else { throw Self.unwritable }
    }

    /// Settings of git's own, which stand beside the operator's: of a list they add to it, else the last counts.
    ///
    /// The server's own record is shown: git without protocol 2 fetches nothing where no ref is.
    private static let gitSettings = [
        ("receive.procReceiveRefs", "refs"), ("receive.advertisePushOptions", "true"),
        ("uploadpack.hideRefs", "refs/bim/deployments"), ("uploadpack.hideRefs", "refs/bim/results"),
        ("uploadpack.allowTipSHA1InWant", "true"),
    ]

    private static let unwritable = UserError(
        .configInvalid, "the repository's configuration cannot be written",
        hint: "run this as the user that git runs as on this server")

    private func publish(_ record: ServerRecord) async throws(UserError) {
        let bytes: [UInt8]
        do { bytes = try CanonicalJSON.encode(record) } catch {
            throw UserError(.internal, "the server's record cannot be written", cause: error)
        }
        let commit = try await GitServer(
            ".", environment: repository.environment, folder: repository.folder
        ).makeCommit(of: bytes, named: ServerRecord.file, parent: nil, message: "What this server deploys to")
        _ = await repository.set(ServerRecord.ref, to: commit)
    }

    private func requireGit() async throws(UserError) {
        let words = await repository.git(["version"])?.split(separator: " ") ?? []
        let numbers = words.count > 2 ? words[2].split(separator: ".").compactMap { Int($0) } : []
        guard numbers.count >= 2, (numbers[0], numbers[1]) >= Self.oldestGit else {
            throw UserError(
                .configInvalid, "git on this server is too old, or not there: \(words.joined(separator: " "))",
                hint: "install git 2.29 or newer")
        }
    }

    private func hookPath() async throws(UserError) -> String {
        guard let path = await repository.git(["rev-parse", "--path-format=absolute", "--git-path", "hooks"]) else {
            throw UserError(
                .configInvalid, "'\(repository.folder)' is not a git repository",
                hint: "git init --bare '\(repository.folder)'")
        }
        mkdir(path, 0o755)
        return path + "/proc-receive"
    }

    private static func absolute(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        return String(decoding: bytes[..<max(read(descriptor, &bytes, bytes.count), 0)], as: UTF8.self)
    }

    /// Writes a program in one step, so that no push meets half of it.
    private static func write(_ text: String, to path: String) throws(UserError) {
        let bytes = Array(text.utf8)
        let descriptor = open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o755)
        let isWritten = descriptor >= 0 && Glibc.write(descriptor, bytes, bytes.count) == bytes.count
        if descriptor >= 0 { close(descriptor) }
        guard isWritten, rename(path + ".new", path) == 0 else {
            throw UserError(
                .configInvalid, "the hook '\(path)' cannot be written",
                hint: "run this as the user that git runs as on this server")
        }
    }
}
