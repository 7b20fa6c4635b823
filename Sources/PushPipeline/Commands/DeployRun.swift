internal import Diagnostics
internal import GitCore
internal import PlatformAPI
internal import ProcessRunner
internal import RemoteHelper

/// `git bim deploy`: commits when told to, and pushes; or makes an artifact live that is there already.
package struct DeployRun: Sendable {
    let remote: String?
    let variables: [String: String]
    /// Whether each event and the result are lines of JSON on standard output.
    let isJSON: Bool
    let print: @Sendable (String) -> Void

    /// - Parameter print: takes what goes to standard output, with its line ends.
    package init(
        remote: String?, variables: [String: String], isJSON: Bool, print: @escaping @Sendable (String) -> Void
    ) {
        self.remote = remote
        self.variables = variables
        self.isJSON = isJSON
        self.print = print
    }

    /// Makes an artifact live that is there already.
    ///
    /// - Returns: the exit status.
    package func promote(_ what: String, to environment: String, message: String?) async -> Int32 {
        let record = PushRecord(run: nil, echo: isJSON ? print : nil)
        let folder = try? RepositoryLocation(environment: variables, folder: ".").open().commonDirectory
        record.begin(in: folder.map { $0 + "/bim" })
        defer { record.finish() }
        let reporter = RecordingReporter(record, next: isJSON ? nil : LineReporter.forCommand(variables))
        do throws(UserError) {
            let remote = try await CommandRemote(remote, environment: variables)
            let promotion = Promotion(remote: remote, reporter: reporter, environment: environment)
            guard let deployment = try await promotion.run(what, message: message) else {
                reporter.report(.notice("it is live in '\(environment)' already"))
                return 0
            }
            await remote.followTracking()
            if !isJSON, let url = deployment.url { print(url + "\n") }
            return 0
        } catch {
            reporter.report(.fatal(error))
            return error.code.exitStatus
        }
    }
}

/// Deploying by a push, which the hooks and every check belong to.
extension DeployRun {
    /// What is to be pushed.
    package struct Wish: Sendable {
        /// Where to; nil is what the branch stands for.
        package var environment: String?
        /// Whether all changed files that git knows are committed first.
        package var commitsAll = false
        /// The message of that commit; without `commitsAll`, what is staged is committed.
        package var message: String?
        /// Whether the push returns while the deployment goes on.
        package var detaches = false

        package init() {}
    }

    /// - Returns: the exit status, by the code of what went wrong.
    package func push(_ wish: Wish) async -> Int32 {
        let run = PushRecord(run: nil, echo: nil).run
        do throws(UserError) {
            let remote = try await CommandRemote(remote, environment: variables)
            if let message = wish.message { try await commit(message, all: wish.commitsAll) }
            let refspec = try await refspec(to: wish.environment, remote)
            let name = try await remote.name()
            let options = wish.detaches ? ["--push-option=detach"] : []
            let arguments = ["push"] + options + ["--", name, refspec]
            let status = isJSON ? try await pushForPrograms(arguments, run) : try await pushForPeople(arguments, run)
            guard let result = LastPush.read(remote.location), result.run == run else {
                return answerUnsent(status, run)
            }
            return result.ok ? 0 : result.code?.exitStatus ?? 1
        } catch {
            answerFailure(error, run)
            return error.code.exitStatus
        }
    }

    private func pushForPeople(_ arguments: [String], _ run: String) async throws(UserError) -> ExitStatus {
        var environment = variables
        environment["BIM_RUN"] = run
        do {
            return try await Command("git", arguments, environment: environment).runInForeground(input: [])
        } catch {
            throw noGit(error)
        }
    }

    /// Lines of our own program go to standard output, those of git and of hooks to standard error.
    private func pushForPrograms(_ arguments: [String], _ run: String) async throws(UserError) -> ExitStatus {
        var environment = variables
        (environment["BIM_RUN"], environment["BIM_OUTPUT"]) = (run, "json")
        let mark = "\"run\":\"\(run)\""
        do {
            return try await Command("git", arguments, environment: environment).stream(deadline: nil) { line in
                if line.text.hasPrefix("{"), line.text.hasSuffix("}"), line.text.contains(mark) {
                    print(line.text + "\n")
                } else {
                    LineReporter.toStandardError(line.text + "\n")
                }
            }
        } catch {
            throw noGit(error)
        }
    }

    private func noGit(_ error: any Error) -> UserError {
        if let error = error as? ProcessError, error.kind == .canceled {
            return UserError(.interrupted, "interrupted", hint: "git bim status tells what is live")
        }
        return UserError(.internal, "git cannot be started", hint: "git --version", cause: error)
    }

    /// git has sent nothing: all is live already, or the pre-push hook did not let it.
    private func answerUnsent(_ status: ExitStatus, _ run: String) -> Int32 {
        if status.isSuccess {
            let record = PushRecord(run: run, echo: isJSON ? print : nil)
            record.begin(in: nil)
            record.take(.notice("nothing to send: what is live is what would be pushed"))
            record.finish()
            return 0
        }
        let error = UserError(
            .testsFailed, "git did not send the commit: the pre-push hook or git itself refused, as it says above",
            hint: "bim-hooks run --commit HEAD")
        answerFailure(error, run)
        return error.code.exitStatus
    }

    private func answerFailure(_ error: UserError, _ run: String) {
        let record = PushRecord(run: run, echo: isJSON ? print : nil)
        record.begin(in: nil)
        RecordingReporter(record, next: isJSON ? nil : LineReporter.forCommand(variables)).report(.fatal(error))
        record.finish()
    }
}

/// Before the push.
extension DeployRun {
    /// Commits what is staged, or everything that git knows; nothing to commit is no error.
    private func commit(_ message: String, all: Bool) async throws(UserError) {
        let differs = try await git(["diff", "--quiet"] + (all ? ["HEAD"] : ["--cached"])).status != .exited(0)
        guard differs else { return }
        let answer = try await git(["commit", "--quiet"] + (all ? ["--all"] : []) + ["--message", message])
        LineReporter.toStandardError(answer.text + answer.errorText)
        guard answer.status.isSuccess else {
            throw UserError(.configInvalid, "git did not commit, as it says above", hint: "git status")
        }
    }

    private func git(_ arguments: [String]) async throws(UserError) -> Captured {
        do {
            return try await Command("git", arguments, environment: variables).capture(deadline: .seconds(600))
        } catch {
            throw noGit(error)
        }
    }

    /// The commit that is checked out, to the branch that stands for the environment.
    private func refspec(to environment: String?, _ remote: CommandRemote) async throws(UserError) -> String {
        let batch = try await remote.batch(try await remote.target(), reporter: SilentReporter())
        let own = try batch.local.command(nil).destination
        guard let environment else { return "\(own):\(own)" }
        let (_, config) = try batch.commit(own)
        let resolver = RefUpdateResolver(local: batch.local, refs: try await batch.liveRefs(), options: PushOptions())
        if resolver.deploys(own, to: environment, config) { return "\(own):\(own)" }
        return "\(own):\(resolver.branch(of: environment, config))"
    }
}
