internal import Artifacts
package import Diagnostics
package import PlatformAPI
internal import ProcessRunner
package import ProjectConfig

/// Deploys by a command of the user's choice; what is live is what the command was last told, kept in refs of the pushing
/// repository.
package struct CommandDeployer: Deployer {
    /// Finds the command for a commit; throws when there is none, or none that may run here.
    package typealias Choice = @Sendable (_ commit: String) throws(UserError) -> DeployCommand

    /// `deployment.json` of what is live in each environment.
    private static let live = "refs/bim/live/"

    private let name: String
    private let app: AppID
    private let repository: GitServer
    private let environment: [String: String]
    private let folder: String
    private let lock: FolderLock
    private let platform: PlatformDescription.Target
    private let choose: Choice
    private let reporter: any Reporter

    /// - Parameters:
    ///   - repository: keeps the remote's refs.
    ///   - environment: that of the user, without what binds it to a repository.
    ///   - lock: held while a command runs.
    ///   - platform: what images are made for.
    package init(
        name: String, app: AppID, repository: GitServer, environment: [String: String], folder: String,
        lock: FolderLock, platform: PlatformDescription.Target, reporter: any Reporter, choose: @escaping Choice
    ) {
        self.name = name
        self.app = app
        self.repository = repository
        self.environment = environment
        self.folder = folder
        self.lock = lock
        self.platform = platform
        self.reporter = reporter
        self.choose = choose
    }

    package func describe() async throws(UserError) -> PlatformDescription {
        PlatformDescription(version: "1", platforms: [platform], artifactKinds: ["image", "zip"], features: [])
    }

    package func ensureApp() async throws(UserError) {}

    package func refs() async throws(UserError) -> [RefRecord]? {
        let all = try await repository.refs()
        var environments: [String: String] = [:]
        for ref in all where ref.ref.hasPrefix(Self.live) {
            let request = try await record(ref.objectID).deployment
            environments[request.ref] = request.environment
        }
        return all.filter { !$0.ref.hasPrefix("refs/bim/") }.map { ref in
            var ref = ref
            ref.environment = environments[ref.ref]
            return ref
        }
    }

    package func changeRefs(_ changes: [RefChange]) async throws(UserError) {
        var options = GitServer.SendOptions()
        options.atomic = true
        options.verbosity = 0
        let answers = try await repository.send(changes, options)
        for change in changes {
            switch answers[change.ref] {
            case .ok, .upToDate: continue
            case .refused(let words) where words.contains("stale info"): throw stale(change.ref)
            case .refused(let words):
                throw UserError(.forbidden, "'\(change.ref)' cannot be changed: \(words)", hint: "git fsck")
            case nil: throw UserError(.internal, "'\(change.ref)' was not changed", hint: "push again")
            }
        }
    }

    package func deploy(
        _ request: DeploymentRequest, patience: Duration?, onEvent: @escaping @Sendable (DeploymentEvent) -> Void
    ) async throws(UserError) -> Deployment {
        guard patience == nil else {
            throw UserError(
                .configInvalid, "a command is waited for until it ends, so it cannot be left alone",
                hint: "push without 'wait' and 'detach'")
        }
        let program = try choose(request.commit)
        let held = try take()
        defer { held.release() }
        let now = try await repository.refs().first { $0.ref == request.ref }?.objectID
        guard now == request.oldCommit else { throw stale(request.ref) }
        let report = try await run(program.command, program, request)
        let record = DeploymentRecord(id: DeploymentID.make(request), deployment: request, readsReports: false)
        do {
            try await keep(record)
        } catch {
            throw UserError(
                error.code, "the command has deployed, and its refs could not be moved: \(error.message)",
                hint: error.hint ?? "push again")
        }
        return Deployment(
            id: record.id, app: app.description, environment: request.environment, ref: request.ref,
            commit: request.commit, oldCommit: request.oldCommit, artifact: request.artifact, status: .healthy,
            release: report.release, url: report.url, message: request.message, createdAt: "")
    }

    package func removeEnvironment(
        _ name: String, with ref: String, expecting objectID: String
    ) async throws(UserError) {
        let held = try take()
        defer { held.release() }
        let live = try await repository.refs().first { $0.ref == Self.live + name }
        guard let live else { return try await changeRefs([RefChange(ref: ref, old: objectID, new: nil)]) }
        let request = try await record(live.objectID).deployment
        guard !request.protected else {
            throw UserError(
                .environmentProtected, "the environment '\(name)' is protected and stays",
                hint: "take 'protected' away in bim.yml, deploy, and delete the branch again")
        }
        let program = try choose(objectID)
        if let removal = program.removal {
            _ = try await run(removal, program, request)
        } else {
            reporter.report(.notice("'\(name)' goes on running: no command is set that takes it down"))
        }
        try await changeRefs([
            RefChange(ref: ref, old: objectID, new: nil), RefChange(ref: live.ref, old: live.objectID, new: nil),
        ])
    }
}

/// Remembering.
extension CommandDeployer {
    private func record(_ commit: String) async throws(UserError) -> DeploymentRecord {
        let bytes = try await repository.file(DeploymentRecord.file, ofCommit: commit)
        guard let record = try? CanonicalJSON.decode(DeploymentRecord.self, from: bytes) else {
            throw UserError(.internal, "the record of a deployment cannot be read", hint: "git show \(commit)")
        }
        return record
    }

    /// Moves the branch and what goes with it, and remembers what is live.
    private func keep(_ record: DeploymentRecord) async throws(UserError) {
        let request = record.deployment
        let commit = try await repository.makeCommit(of: record, parent: nil)
        let ref = Self.live + request.environment
        let old = try await repository.refs().first { $0.ref == ref }?.objectID
        try await changeRefs(
            [
                RefChange(ref: request.ref, old: request.oldCommit, new: request.commit),
                RefChange(ref: ref, old: old, new: commit),
            ] + (request.refs ?? []))
    }

    private func take() throws(UserError) -> FolderLock.Held {
        try lock.take(for: "\(name)-\(app.user)-\(app.app)", "another push runs '\(name)' for '\(app)'")
    }

    private func stale(_ ref: String) -> UserError {
        UserError(.staleRef, "'\(ref)' was changed by somebody else meanwhile", hint: "git fetch, look, push again")
    }
}

/// Running.
extension CommandDeployer {
    private func run(
        _ form: DeployCommand.Form, _ program: DeployCommand, _ request: DeploymentRequest
    ) async throws(UserError) -> CommandReport {
        let report = CommandReport(urlField: program.urlField)
        let command = try command(form, CommandTemplate(request, app: app, name: name))
        let status: ExitStatus
        do {
            status = try await command.stream(deadline: .seconds(program.timeoutSeconds)) { [reporter] line in
                if let text = report.receive(line.text) { reporter.report(.output(text)) }
            }
        } catch {
            throw failure(error)
        }
        switch status {
        case .exited(0): return report
        case .exited(let number): throw report.failure(of: name, status: Int(number), program.statuses)
        case .signaled(let number):
            throw UserError(.deployFailed, "the command '\(name)' was ended by signal \(number)", hint: "push again")
        }
    }

    private func command(_ form: DeployCommand.Form, _ template: CommandTemplate) throws(UserError) -> Command {
        let variables = environment.merging(template.variables) { $1 }
        switch form {
        case .shell(let text):
            return Command("/bin/sh", ["-c", text], environment: variables, workingDirectory: folder)
        case .words(let words):
            var filled: [String] = []
            for word in words { filled.append(try template.fill(word)) }
            return Command(filled[0], Array(filled.dropFirst()), environment: variables, workingDirectory: folder)
        }
    }

    private func failure(_ error: any Error) -> UserError {
        switch (error as? ProcessError)?.kind {
        case .canceled: UserError(.interrupted, "interrupted, and the command '\(name)' stopped", hint: "push again")
        case .timedOut(let time):
            UserError(
                .deployFailed, "the command '\(name)' did not end within \(time.short) and was stopped",
                hint: "see what it waits for; git config remote.<name>.bimDeployTimeout 1800 gives it more time")
        case .notFound, .notExecutable:
            UserError(
                .configInvalid, "the program of the deploy command '\(name)' was not found or may not be run",
                hint: "install it, or correct remote.<name>.bimDeployCommand", cause: error)
        default: UserError(.deployFailed, "the command '\(name)' could not be run", hint: "push again", cause: error)
        }
    }
}
