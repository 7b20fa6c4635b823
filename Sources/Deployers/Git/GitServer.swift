internal import Artifacts
package import Diagnostics
package import PlatformAPI
internal import ProcessRunner

/// A git repository as the other end of a remote, which git's own programs speak with.
package struct GitServer: Sendable {
    /// A path, or an address for ssh.
    package let address: String
    private let environment: [String: String]
    private let folder: String
    /// What receives pushes there, where it is not git's usual program.
    let receivePack: String

    /// Hooks of the other side may take their time, a deployment too; more than this without an end is a fault.
    private static let deadline = Duration.seconds(5400)

    /// - Parameters:
    ///   - environment: that of the pushing git, with the settings by which git reaches the address.
    ///   - folder: where the pushing repository is.
    ///   - receivePack: what receives pushes at the other end, unless the user names another program.
    package init(
        _ address: String, environment: [String: String], folder: String, receivePack: String = "git-receive-pack"
    ) {
        self.address = address
        self.receivePack = receivePack
        self.environment = environment
        self.folder = folder
    }

    /// The refs that a push may change, as `git receive-pack` shows them.
    ///
    /// - Parameter receivePack: the program at the other end, where the user named one.
    /// - Throws: `UNAUTHENTICATED`, `APP_NOT_FOUND` or `PLATFORM_UNAVAILABLE`, below what git itself has said.
    package func refs(receivePack: String? = nil) async throws(UserError) -> [RefRecord] {
        let said = Said()
        let (text, status) = try await talk(
            ["ls-remote", "--refs", "--quiet", "--upload-pack=\(receivePack ?? self.receivePack)", address]
        ) { line in
            said.add(line)
            LineReporter.toStandardError(line + "\n")
        }
        guard status.isSuccess else { throw failure(said.lines) }
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            return RefRecord(
                ref: String(parts[1]), objectID: String(parts[0]), environment: nil, release: nil, updatedAt: "")
        }
    }

    /// A file of a commit that one of the server's refs stands for; fetched when it is not here.
    ///
    /// - Throws: `PLATFORM_UNAVAILABLE`.
    package func file(_ name: String, ofCommit commit: String) async throws(UserError) -> [UInt8] {
        if let bytes = await localFile(name, commit) { return bytes }
        let said = Said()
        _ = try await talk([
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
            "--no-recurse-submodules", address, commit,
        ]) { said.add($0) }
        if let bytes = await localFile(name, commit) { return bytes }
        for line in said.lines { LineReporter.toStandardError(line + "\n") }
        throw failure(said.lines)
    }

    private func localFile(_ name: String, _ commit: String) async -> [UInt8]? {
        var variables = environment
        // What a partial clone lacks is fetched above, from where it is.
        variables["GIT_NO_LAZY_FETCH"] = "1"
        let command = Command(
            "git", ["cat-file", "blob", "\(commit):\(name)"], environment: variables, workingDirectory: folder)
        let answer = try? await command.capture(limit: 4 << 20, deadline: .seconds(30))
        return answer.flatMap { $0.status.isSuccess ? $0.output : nil }
    }

    /// Makes the commit of a deployment record in the pushing repository; no ref shows it.
    ///
    /// - Returns: its object id.
    func makeCommit(of record: DeploymentRecord, parent: String?) async throws(UserError) -> String {
        let bytes: [UInt8]
        do { bytes = try CanonicalJSON.encode(record) } catch {
            throw UserError(.internal, "the record of the deployment cannot be written", cause: error)
        }
        let request = record.deployment
        return try await makeCommit(
            of: bytes, named: DeploymentRecord.file, parent: parent,
            message: "Deploy \(request.commit.prefix(7)) to \(request.environment)")
    }

    /// Makes a commit of one file in this repository; no ref shows it.
    ///
    /// - Returns: its object id.
    package func makeCommit(
        of bytes: [UInt8], named file: String, parent: String?, message: String
    ) async throws(UserError) -> String {
        let blob = try await made(["hash-object", "-w", "--stdin"], bytes)
        let tree = try await made(["mktree"], Array("100644 blob \(blob)\t\(file)\n".utf8))
        return try await made(
            ["commit-tree", tree, "-m", message] + (parent.map { ["-p", $0] } ?? []), [],
            named: try await hasIdentity ? [:] : Self.ownIdentity)
    }

    private static let ownIdentity = [
        "GIT_AUTHOR_NAME": "bim", "GIT_AUTHOR_EMAIL": "bim@localhost", "GIT_COMMITTER_NAME": "bim",
        "GIT_COMMITTER_EMAIL": "bim@localhost",
    ]

    private var hasIdentity: Bool {
        get async throws(UserError) {
            let command = Command(
                "git", ["var", "GIT_COMMITTER_IDENT"], environment: environment, workingDirectory: folder)
            return (try? await command.capture(deadline: .seconds(30)))?.status.isSuccess ?? false
        }
    }

    private func made(
        _ arguments: [String], _ input: [UInt8], named variables: [String: String] = [:]
    ) async throws(UserError) -> String {
        let command = Command(
            "git", arguments, environment: environment.merging(variables) { $1 }, workingDirectory: folder)
        let answer = try? await command.capture(input: input, deadline: .seconds(60))
        guard let answer, answer.status.isSuccess else {
            throw UserError(
                .internal, "git could not write the record of the deployment", hint: "git fsck",
                cause: answer.map { GitSaid(text: $0.errorText) })
        }
        return String(answer.text.prefix { !$0.isWhitespace })
    }

    /// Runs a git that may ask a person at the terminal by way of ssh.
    ///
    /// - Parameter onErrorLine: takes the lines of its standard error; nil leaves them to the user, progress and all.
    /// - Returns: what it printed on standard output, and its exit status.
    func talk(
        _ arguments: [String], _ input: [UInt8] = [], _ onErrorLine: (@Sendable (String) async -> Void)? = nil
    ) async throws(UserError) -> (String, ExitStatus) {
        let command = Command(
            "git", arguments, environment: environment, workingDirectory: folder, keepsTerminal: true)
        do {
            let (bytes, status) = try await command.converse(
                deadline: Self.deadline, errorOutput: onErrorLine.map { .lines($0) } ?? .inherit
            ) { git in
                try? await git.write(input)
                await git.finishInput()
                var bytes: [UInt8] = []
                for try await chunk in git.output { bytes += chunk }
                return bytes
            }
            return (String(decoding: bytes, as: UTF8.self), status)
        } catch is CancellationError {
            throw UserError(.interrupted, "interrupted", hint: "push again")
        } catch let error as ProcessError where error.kind == .canceled {
            throw UserError(.interrupted, "interrupted", hint: "push again")
        } catch {
            throw UserError(
                .platformUnavailable, "git does not answer for '\(shown)'", hint: "push again", cause: error)
        }
    }

    /// The address for messages.
    var shown: String { SSHAddress(address) == nil ? address : withoutCredentials(address) }
}

/// Why git did not get through.
extension GitServer {
    /// Makes of what git and ssh have said what a person can act on.
    func failure(_ lines: [String]) -> UserError {
        func said(_ texts: String...) -> Bool { lines.contains { line in texts.contains { line.contains($0) } } }
        guard let ssh = SSHAddress(address) else {
            return UserError(
                .platformUnavailable, "the repository '\(address)' cannot be read",
                hint: "git ls-remote '\(address)' shows whether it can be reached")
        }
        let port = ssh.port.map { "-p \($0) " } ?? ""
        if said("Host key verification failed") {
            return UserError(
                .unauthenticated, "the key of the host '\(ssh.host)' is not the one that ssh knows, or ssh knows none",
                hint: "compare it with what its operator tells, then: ssh \(port)\(ssh.destination)")
        }
        if said("Permission denied") {
            return UserError(
                .unauthenticated, "'\(ssh.host)' takes none of your keys for '\(ssh.user ?? "you")'",
                hint: "ssh -v \(port)\(ssh.destination) shows which keys are tried; ssh-add adds one")
        }
        if said("does not appear to be a git repository", "not found", "does not exist") {
            return UserError(
                .appNotFound, "there is no repository '\(ssh.path)' on '\(ssh.host)', or it is not shown to you",
                hint: "correct the remote's URL, or let the server's operator make it")
        }
        return UserError(
            .platformUnavailable, "the repository '\(shown)' cannot be reached",
            hint: "ssh \(port)\(ssh.destination) shows whether the host can be reached")
    }
}
