internal import Deployers
internal import Diagnostics
package import GitCore
internal import HTTPTransport
internal import PlatformAPI
internal import RemoteHelper

/// One run of `git-remote-bim`: git's lines in, replies out, in the order that gitremote-helpers lays down.
package struct RemoteHelperRun: Sendable {
    private let channel: GitChannel
    private let location: RepositoryLocation
    private let remote: String
    private let address: String
    private let trace: Trace?
    private let transport: HTTPTransport
    private let record: PushRecord
    /// Whether the user reads events as JSON instead of lines.
    private let isForPrograms: Bool
    private let say: @Sendable (String) -> Void

    /// - Parameters:
    ///   - remote: the remote's name, or the URL where there is none.
    ///   - address: what stands behind `bim::`.
    ///   - say: takes what the user is told.
    package init(
        channel: GitChannel, location: RepositoryLocation, remote: String, address: String,
        say: @escaping @Sendable (String) -> Void = LineReporter.toStandardError
    ) {
        self.say = say
        self.channel = channel
        self.location = location
        self.remote = remote
        self.address = address
        trace = Trace(environment: location.environment)
        // The embedded platform is on this machine, and git's settings for the network say nothing of it.
        let isEmbedded = if case .embedded? = try? RemoteAddress(address) { true } else { false }
        transport = HTTPTransport(
            trace: trace,
            settings: isEmbedded
                ? nil : GitHTTPSettings(environment: location.environment, folder: location.folder))
        isForPrograms = location.environment["BIM_OUTPUT"] == "json"
        record = PushRecord(run: location.environment["BIM_RUN"], echo: isForPrograms ? say : nil)
    }

    /// What the lines so far have led to.
    private struct Progress {
        var session: Session
        /// What the local refs were when git asked for those of the remote, before any hook ran.
        var localRefs: [String: ObjectID] = [:]
        var epilogues: [PushBatchRun.Epilogue] = []
        /// Whether the app's platform is stopped, and git has not asked for anything that starts it.
        var isStopped = false
        /// The exit status, once there is nothing more to do.
        var status: Int32?
    }

    /// Serves git until it has nothing more to ask.
    ///
    /// - Returns: the exit status for git: 0, 128 when git shall stop, or 128 + n when signal n has ended it.
    package func run() async -> Int32 {
        defer { record.finish(interrupted: channel.signal != nil) }
        let address = Result { () throws(UserError) in try RemoteAddress(self.address) }
        var progress = Progress(session: Session(reading: (try? address.get())?.reading ?? .smartHTTP))
        trace?.note("start", "git-remote-bim \(Diagnostics.version), remote '\(Trace.shown(remote))'")
        while let line = await channel.nextLine() {
            trace?.note("git >", Self.shown(line))
            for outcome in progress.session.receive(line) {
                do {
                    try await carryOut(outcome, line, address, &progress)
                } catch {
                    if let signal = channel.signal { return 128 + signal }
                    reporter(progress).report(.fatal(error as? UserError ?? UserError(.internal, "\(error)")))
                    return 128
                }
                if let status = progress.status { return channel.signal.map { 128 + $0 } ?? status }
            }
        }
        if let signal = channel.signal { return 128 + signal }
        // git has ended it: a batch that is not whole is not carried out.
        if case .protocolError = progress.session.endOfInput() { return 128 }
        finish(progress)
        return 0
    }

    private func carryOut(
        _ outcome: Outcome, _ line: [UInt8], _ address: Result<RemoteAddress, UserError>, _ progress: inout Progress
    ) async throws {
        switch outcome {
        case .reply(let bytes): answer(bytes)
        case .list(forPush: true):
            let address = try address.get()
            progress.localRefs = try localRefs()
            let options = progress.session.options
            let (lines, isStopped) = try await untilGitGoes { try await list(address, options) }
            progress.isStopped = isStopped
            answer(lines)
        case .push(let batch):
            // A dry run writes nothing.
            record.begin(in: batch.options.dryRun ? nil : (try? location.open().commonDirectory + "/bim"))
            progress.isStopped = false
            let (replies, epilogues) = try await answer(batch, try address.get(), progress)
            answer(replies)
            progress.epilogues += epilogues
        case .list(forPush: false), .statelessConnect, .fetch:
            let address = try address.get()
            let session = progress.session
            progress.status = try await untilAborted { try await passThrough(address, session, line) }
        case .connect(let service):
            guard let remote = try repository(try address.get()) else {
                throw UserError(.internal, "'\(service)' cannot be spoken with '\(self.address)'")
            }
            let options = progress.session.options
            progress.status = try await untilAborted { try await remote.serve(service, options, channel: channel) }
        case .finished:
            finish(progress)
            progress.status = 0
        case .protocolError(let why):
            throw UserError(.internal, "git and git-remote-bim do not understand each other: \(why)")
        }
    }

    private func localRefs() throws(UserError) -> [String: ObjectID] {
        do { return try location.open().references() } catch { throw error.userError }
    }

    private func answer(_ bytes: [UInt8]) {
        trace?.note("git <", String(decoding: bytes, as: UTF8.self).replacing("\n", with: "⏎"))
        channel.write(bytes)
    }

    /// A line of git's without the value of a push option, which may be anything.
    private static func shown(_ line: [UInt8]) -> String {
        let text = String(decoding: line, as: UTF8.self)
        return text.hasPrefix("option push-option ") ? text.prefix { $0 != "=" } + "=…" : text
    }

    private func reporter(_ progress: Progress) -> any Reporter { reporter(progress.session.options) }

    private func reporter(_ options: SessionOptions) -> any Reporter {
        let lines = LineReporter(
            style: .detected(
                environment: location.environment, verbosity: options.verbosity,
                progress: options.progress), write: say)
        let recorded = RecordingReporter(record, next: isForPrograms ? nil : lines)
        return trace.map { TracingReporter($0, next: recorded) } ?? recorded
    }

    /// git has printed its table by now; the live URL is the last line.
    private func finish(_ progress: Progress) {
        let reporter = reporter(progress)
        if progress.isStopped {
            reporter.report(
                .notice("the platform on this machine is stopped, and its apps with it: git bim platform start"))
        }
        let opensAlways = (try? location.open().configuration().bool("bim.open")) == true
        for epilogue in progress.epilogues {
            guard let url = epilogue.url else { continue }
            reporter.report(.live(url: url, epilogue.duration))
            if epilogue.opens || opensAlways, !Browser(environment: location.environment).open(url) {
                reporter.report(.notice("no browser was opened: there is none, or nobody sits before this machine"))
            }
        }
    }
}

/// Work that ends when git goes.
extension RemoteHelperRun {
    /// Does what git waits for: it is canceled when git goes away in any way.
    private func untilGitGoes<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await canceling({ _ in true }, body)
    }

    /// Does what git may end its input for, as it does when it has asked for all: it is canceled when nobody listens.
    private func untilAborted<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await canceling({ $0 != .input }, body)
    }

    private func canceling<Value: Sendable>(
        _ isReason: @escaping @Sendable (GitChannel.Ending) -> Bool,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let work = Task { try await body() }
        channel.whenOver { if isReason($0) { work.cancel() } }
        defer { channel.whenOver(nil) }
        return try await work.value
    }
}

/// The steps, by what stands behind the address.
extension RemoteHelperRun {
    private func connect(
        _ address: RemoteAddress, _ reporter: any Reporter
    ) async throws(UserError) -> PlatformConnection {
        try await PlatformConnection(address, environment: location.environment) {
            reporter.report(.notice("starting the platform on this machine"))
        }
    }

    /// The git repository that holds the remote's refs; nil where a platform does.
    private func repository(_ address: RemoteAddress) throws(UserError) -> RepositoryRemote? {
        switch address {
        case .repository(let address): RepositoryRemote(address: address, location: location)
        case .command(let name, let app): try RepositoryRemote(command: name, app, location)
        case .embedded, .api: nil
        }
    }

    /// What a push deploys to.
    private func target(
        _ address: RemoteAddress, _ settings: RemoteSettings, _ options: PushOptions, _ reporter: any Reporter
    ) async throws(UserError) -> DeployTarget {
        switch address {
        case .repository(let address):
            try await DeployTarget(
                server: RepositoryRemote(address: address, location: location), settings, options, reporter: reporter)
        case .command(let name, let app):
            try DeployTarget(command: name, app, settings, reporter: reporter)
        case .embedded, .api:
            // A dry run takes the platform as it is; a push starts the one on this machine.
            if options.dryRun, let stopped = try await StoppedPlatform(address, location: location) {
                stopped.target
            } else {
                DeployTarget(try await connect(address, reporter), location: location, transport: transport)
            }
        }
    }

    /// The refs for a push come from where they are true; `HEAD` is left out.
    ///
    /// - Returns: git's lines, and whether there is an app whose platform is stopped.
    private func list(
        _ address: RemoteAddress, _ options: SessionOptions
    ) async throws(UserError) -> (lines: [UInt8], isStopped: Bool) {
        let refs: [RefRecord]
        var isStopped = false
        if let repository = try repository(address) {
            let policy = try DeployPolicy(RemoteSettings(remote: remote, location: location))
            refs = try await repository.refs(options, policy: policy)
        } else if let stopped = try await StoppedPlatform(address, location: location) {
            // git does not say yet whether it is a dry run, which starts nothing.
            refs = try await stopped.refs() ?? []
            isStopped = !refs.isEmpty
        } else {
            let connection = try await connect(address, reporter(options))
            let deployer = APIDeployer(connection, transport: transport)
            let found = try await deployer.refs()
            if found == nil, !connection.isEmbedded { throw deployer.noApp }
            refs = found ?? []
        }
        let advertisement = RefAdvertisement(
            refs: refs.map { RefAdvertisement.Ref(objectID: $0.objectID, name: $0.ref) })
        return (advertisement.lines(objectFormat: options.asksForObjectFormat ? .sha1 : nil), isStopped)
    }

    private func answer(
        _ batch: PushBatch, _ address: RemoteAddress, _ progress: Progress
    ) async throws -> (replies: [UInt8], epilogues: [PushBatchRun.Epilogue]) {
        let reporter = reporter(progress)
        let local = LocalRefs(location: location, known: progress.localRefs)
        return try await untilGitGoes {
            do throws(UserError) {
                let settings = RemoteSettings(remote: remote, location: location)
                let policy = try DeployPolicy(settings)
                if policy == .never, let repository = try repository(address) {
                    let run = RepositoryBatchRun(remote: repository, local: local, reporter: reporter)
                    return (await run.run(batch), [])
                }
                let target = try await target(address, settings, batch.options, reporter)
                return await PushBatchRun(
                    local: local, target: target, settings: settings, policy: policy, transport: transport,
                    reporter: reporter
                ).run(batch)
            } catch {
                reporter.report(.failure(error))
                return (PushReply.refusal(of: batch, .other(error.reason)), [])
            }
        }
    }

    private func passThrough(_ address: RemoteAddress, _ session: Session, _ line: [UInt8]) async throws -> Int32 {
        let connection = try await connect(address, reporter(session.options))
        let deployer = APIDeployer(connection, transport: transport)
        guard try await deployer.refs() != nil else { throw deployer.noApp }
        return try await FetchPassThrough(
            channel: channel, connection: connection, location: location, remote: remote
        ).run(options: session.passThroughOptions, firstLine: line)
    }
}

extension RemoteAddress {
    /// How git reads from what stands there.
    fileprivate var reading: Session.Reading {
        switch self {
        case .repository, .command: .connection
        case .embedded, .api: .smartHTTP
        }
    }
}
