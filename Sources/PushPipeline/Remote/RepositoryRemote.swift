internal import Diagnostics
internal import GitCore
internal import PlatformAPI
internal import ProcessRunner
internal import RemoteHelper

/// A git repository on this machine as the other end of a remote; git's own programs speak with it.
struct RepositoryRemote: Sendable {
    let path: String
    let location: RepositoryLocation

    /// Hooks of the other repository may take their time; an hour without an end is a fault.
    private static let deadline = Duration.seconds(3600)

    /// The refs that a push may change, as `git receive-pack` shows them.
    ///
    /// - Parameter receivePack: the program at the other end, where the user named one.
    /// - Throws: `PLATFORM_UNAVAILABLE` below what git itself has said.
    func refs(receivePack: String?) async throws(UserError) -> [RefRecord] {
        let command = git([
            "ls-remote", "--refs", "--quiet", "--upload-pack=\(receivePack ?? "git-receive-pack")", path,
        ])
        let (text, status) = try await talk(command)
        guard status.isSuccess else { throw unreadable }
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            return RefRecord(
                ref: String(parts[1]), objectID: String(parts[0]), environment: nil, release: nil, updatedAt: "")
        }
    }

    /// Starts a service of git's at the repository, as git does for a path, and hands the session over to it.
    ///
    /// - Returns: the exit status for git.
    func serve(_ service: String, program: String?, channel: GitChannel) async throws -> Int32 {
        let shellWord = "'" + path.replacing("'", with: "'\\''").replacing("!", with: "'\\!'") + "'"
        var environment = CleanEnvironment.removingGitVariables(from: location.environment)
        environment["GIT_PROTOCOL"] = "version=\(protocolVersion)"
        let command = Command(
            "/bin/sh", ["-c", "\(program ?? service) \(shellWord)"],
            environment: environment, workingDirectory: location.folder)
        channel.write([UInt8(ascii: "\n")])
        let (_, status) = try await command.converse(deadline: nil, errorOutput: .inherit) { git in
            var output = git.output.makeAsyncIterator()
            try await GitRelay.pass(channel, git, &output)
        }
        return status.isSuccess ? 0 : 128
    }

    private var protocolVersion: Int {
        (try? location.open().configuration().int("protocol.version")).flatMap(\.self) ?? 2
    }

    private func git(_ arguments: [String]) -> Command {
        Command(
            "git", arguments, environment: GitAccess(path: path).environment(location.environment),
            workingDirectory: location.folder)
    }

    private var unreadable: UserError {
        UserError(
            .platformUnavailable, "the repository '\(path)' cannot be read",
            hint: "git ls-remote '\(path)' shows whether it can be reached")
    }

    /// Runs a git that speaks to the user on standard error, and takes what it prints.
    private func talk(_ command: Command, _ input: [UInt8] = []) async throws(UserError) -> (String, ExitStatus) {
        do {
            let (bytes, status) = try await command.converse(deadline: Self.deadline, errorOutput: .inherit) { git in
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
            throw UserError(.platformUnavailable, "git does not answer for '\(path)'", hint: "push again", cause: error)
        }
    }
}

/// Pushing.
extension RepositoryRemote {
    /// Sends ref updates in one connection; each is compared with the value that it was checked against.
    ///
    /// - Returns: the answer for each ref; one that is missing was not tried.
    func send(_ updates: [RefUpdate], _ options: PushOptions) async throws(UserError) -> [String: Answer] {
        var arguments = ["send-pack", "--helper-status", "--stdin"]
        if options.dryRun { arguments.append("--dry-run") }
        if options.atomic { arguments.append("--atomic") }
        if options.verbosity == 0 { arguments.append("--quiet") }
        if options.verbosity > 1 { arguments.append("--verbose") }
        if options.progress { arguments.append("--progress") }
        if let program = options.servicePath { arguments.append("--receive-pack=\(program)") }
        arguments += options.pushOptions.map { "--push-option=\($0)" }
        arguments += updates.map { "--force-with-lease=\($0.ref):\($0.old?.hex ?? "")" }
        arguments.append(path)
        // Never with `+`, which is more than a lease to git; a lease that holds is the permission.
        let lines = updates.map { "\($0.storedID?.hex ?? ""):\($0.ref)\n" }
        let (text, _) = try await talk(git(arguments), Array(lines.joined().utf8))
        return Self.answers(text)
    }

    /// What became of one ref.
    enum Answer: Equatable {
        case ok
        case refused(RejectReason)
    }

    /// Reads what `--helper-status` prints; see `print_helper_status` in git's `builtin/send-pack.c`.
    static func answers(_ text: String) -> [String: Answer] {
        var answers: [String: Answer] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 2)
            guard parts.count > 1 else { continue }
            let ref = String(parts[1])
            switch parts[0] {
            case "ok": answers[ref] = parts.count > 2 && parts[2] == "up to date" ? .refused(.upToDate) : .ok
            case "error":
                let text = Array((parts.count > 2 ? String(parts[2]) : "").utf8)
                let plain = CStyleQuoting.unquote(text) ?? text
                answers[ref] = .refused(RejectReason(gitText: String(decoding: plain, as: UTF8.self)))
            default: continue
            }
        }
        return answers
    }
}
