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

    /// - Parameters:
    ///   - remote: the remote's name, or the URL where there is none.
    ///   - address: what stands behind `bim::`.
    package init(channel: GitChannel, location: RepositoryLocation, remote: String, address: String) {
        self.channel = channel
        self.location = location
        self.remote = remote
        self.address = address
    }

    /// Serves git until it has nothing more to ask.
    ///
    /// - Returns: the exit status for git: 0, or 128 when git shall stop.
    package func run() async -> Int32 {
        var session = Session()
        var epilogues: [PushBatchRun.Epilogue] = []
        while let line = await channel.nextLine() {
            for outcome in session.receive(line) {
                do {
                    switch outcome {
                    case .reply(let bytes): channel.write(bytes)
                    case .list(forPush: true): channel.write(try await list(session.options))
                    case .push(let batch): epilogues += await push(batch, reporter(session.options))
                    case .list(forPush: false), .statelessConnect, .fetch:
                        return try await passThrough(session, line)
                    case .finished:
                        finish(epilogues, session.options)
                        return 0
                    case .protocolError(let why):
                        throw UserError(.internal, "git and git-remote-bim do not understand each other: \(why)")
                    }
                } catch {
                    reporter(session.options).report(.fatal(error as? UserError ?? UserError(.internal, "\(error)")))
                    return 128
                }
            }
        }
        finish(epilogues, session.options)
        return 0
    }

    private func reporter(_ options: SessionOptions) -> LineReporter {
        LineReporter(
            style: .detected(
                environment: location.environment, verbosity: options.verbosity,
                progress: options.progress))
    }

    private func connect(_ reporter: any Reporter) async throws(UserError) -> PlatformConnection {
        try await PlatformConnection(RemoteAddress(address), environment: location.environment) {
            reporter.report(.notice("starting the platform on this machine"))
        }
    }

    /// The refs for a push come from the ledger, where they are true; `HEAD` is left out.
    private func list(_ options: SessionOptions) async throws(UserError) -> [UInt8] {
        let connection = try await connect(reporter(options))
        let deployer = APIDeployer(connection, transport: HTTPTransport())
        let refs = try await deployer.refs()
        if refs == nil, !connection.isEmbedded { try await deployer.ensureApp() }
        let advertised = (refs ?? []).map { RefAdvertisement.Ref(objectID: $0.objectID, name: $0.ref) }
        return RefAdvertisement(refs: advertised)
            .lines(objectFormat: options.asksForObjectFormat ? .sha1 : nil)
    }

    /// Runs the batch as a task that ends when git does, and answers.
    private func push(_ batch: PushBatch, _ reporter: LineReporter) async -> [PushBatchRun.Epilogue] {
        let work = Task { await answer(batch, reporter) }
        channel.whenOver { work.cancel() }
        let result = await work.value
        channel.whenOver(nil)
        channel.write(result.replies)
        return result.epilogues
    }

    private func answer(
        _ batch: PushBatch, _ reporter: LineReporter
    ) async -> (replies: [UInt8], epilogues: [PushBatchRun.Epilogue]) {
        do throws(UserError) {
            let connection = try await connect(reporter)
            let deployer = APIDeployer(connection, transport: HTTPTransport())
            return await PushBatchRun(
                location: location, connection: connection, deployer: deployer, reporter: reporter
            ).run(batch)
        } catch {
            reporter.report(.failure(error))
            let replies = batch.updates.flatMap { PushReply.error($0.destination, .other(error.reason)) }
            return (replies + PushReply.endOfBatch, [])
        }
    }

    private func passThrough(_ session: Session, _ line: [UInt8]) async throws -> Int32 {
        let connection = try await connect(reporter(session.options))
        guard try await APIDeployer(connection, transport: HTTPTransport()).refs() != nil else {
            throw UserError(
                .appNotFound, "there is no app '\(connection.app)' on this platform",
                hint: connection.isEmbedded ? "git push creates it" : "git bim create <remote>")
        }
        return try await FetchPassThrough(
            channel: channel, connection: connection, location: location, remote: remote
        ).run(options: session.passThroughOptions, firstLine: line)
    }

    /// git has printed its table by now; the live URL is the last line.
    private func finish(_ epilogues: [PushBatchRun.Epilogue], _ options: SessionOptions) {
        let reporter = reporter(options)
        for epilogue in epilogues {
            if let url = epilogue.url { reporter.report(.live(url: url, epilogue.duration)) }
        }
    }
}
