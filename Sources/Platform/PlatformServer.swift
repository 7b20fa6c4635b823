internal import AsyncHTTPClient
internal import Diagnostics
internal import HTTPTransport
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import NIOPosix
package import PlatformAPI
internal import ServiceLifecycle
internal import UnixSignals

#if canImport(Glibc)
    internal import Glibc
#endif

/// The whole platform: wires its parts, serves until a signal stops it, and leaves nothing running.
package struct PlatformServer: Sendable {
    /// What an operator may choose.
    package struct Options: Sendable {
        /// The address that the API listens on; loopback unless told otherwise.
        package var host: String
        /// The API's port; 0 takes one that is free.
        package var port: Int
        package var restoresLedger: Bool
        /// Hosts of registries and stores to which a platform that listens for others goes though they lead to a private
        /// network, each with or without its port.
        package var allowedRegistries: [String]

        package init(
            host: String = "127.0.0.1", port: Int = 0, restoresLedger: Bool = false, allowedRegistries: [String] = []
        ) {
            self.host = host
            self.port = port
            self.restoresLedger = restoresLedger
            self.allowedRegistries = allowedRegistries
        }

        /// Where the platform goes for an artifact, and to tell a webhook: who reaches it over loopback alone reaches everything themself.
        var reach: Reach {
            Loopback.contains(host)
                ? .anywhere : .publicAddresses(besides: Set(allowedRegistries.map { $0.lowercased() }))
        }
    }

    private let home: PlatformHome
    private let options: Options
    private let environment: [String: String]

    package init(home: PlatformHome, options: Options, environment: [String: String]) {
        self.home = home
        self.options = options
        self.environment = environment
    }

    /// Serves until SIGTERM or SIGINT; calls `ready` once it listens.
    ///
    /// - Throws: `UserError` when it cannot start.
    package func run(ready: @escaping @Sendable (PlatformHome.Endpoint) -> Void) async throws {
        let state = try PlatformState.take(home)
        if options.restoresLedger { try Ledger.restore(path: home.ledgerFile) }
        let ledger = try Ledger(path: home.ledgerFile)
        let logger = Self.logger()
        let blobs = try blobStore()
        blobs.removeUploads()
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: HealthProbe.clientConfiguration)
        let feed = EventFeed(ledger: ledger)
        let repositories = GitRepositories(folder: home.repositories, environment: environment)
        let follower = RefFollower(ledger: ledger, repositories: repositories)
        let engine = DeploymentEngine(
            .init(
                ledger: ledger, feed: feed,
                puller: ArtifactPuller(blobs: blobs, environment: environment, reach: options.reach),
                folders: ReleaseFolders(folder: home.releases, blobs: blobs),
                repositories: repositories, follower: follower,
                runtime: SandboxRuntime(environment: environment, hidden: [home.folder]), http: http,
                eventLoops: MultiThreadedEventLoopGroup.singleton, logFolder: home.logs, logger: logger))
        let router = Self.router(
            token: state.token, ledger: ledger, feed: feed, repositories: repositories, follower: follower,
            engine: engine,
            blobs: blobs, reach: options.reach, logger: logger)
        let sender = WebhookSender(ledger: ledger, reach: options.reach, logger: logger)
        do {
            try await recover(engine)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await sender.run(at: feed.ends) }
                defer { feed.close() }
                try await serve(router, engine, state, logger, ready)
            }
        } catch {
            try? await http.shutdown()
            throw translate(error)
        }
        try await http.shutdown()
    }

    /// Answers requests until a signal comes; then the engine ends what runs.
    private func serve(
        _ router: Router<PlatformContext>, _ engine: DeploymentEngine, _ state: borrowing PlatformState,
        _ logger: Logger,
        _ ready: @escaping @Sendable (PlatformHome.Endpoint) -> Void
    ) async throws {
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router,
            configuration: .init(
                address: .hostname(options.host, port: port(after: state.earlierPort)), serverName: nil),
            onServerRunning: { channel in announce.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await engine.run() }
            group.addTask {
                defer { announce.finish() }
                try await Self.answer(application, logger)
            }
            do {
                for await port in ports {
                    let endpoint = PlatformHome.Endpoint(processID: getpid(), host: options.host, port: port)
                    try state.announce(endpoint)
                    ready(endpoint)
                }
            } catch {
                await engine.stop()
                throw error
            }
            await engine.stop()
            try await group.waitForAll()
        }
    }

    /// Runs the API until a signal; requests that are not answered 5 s later are cut off.
    private static func answer(_ application: some ApplicationProtocol, _ logger: Logger) async throws {
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(
                    service: application, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(5)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError {
            // What the limit above ends in.
        }
    }

    /// The wanted port; without a wish, that of a killed process, so that its clients find this one.
    private func port(after earlier: Int?) -> Int {
        guard options.port == 0, let earlier, LoopbackPort.isFree(earlier) else { return options.port }
        return earlier
    }

    private static func logger() -> Logger {
        var logger = Logger(label: "bim-platform")
        logger.logLevel = .notice
        return logger
    }

    private func recover(_ engine: DeploymentEngine) async throws(UserError) {
        do {
            try await engine.recover()
        } catch {
            let problem = ErrorTranslation.problem(for: error)
            throw UserError(
                problem.code == .internal ? .platformUnavailable : problem.code,
                "the platform's state in '\(home.folder)' cannot be brought back: \(problem.detail)",
                hint: problem.hint,
                cause: error)
        }
    }

    private func blobStore() throws(UserError) -> BlobStore {
        do throws(BlobStore.Failure) {
            return try BlobStore(folder: home.registry)
        } catch {
            throw UserError(
                error == .noSpace ? .quota : .platformUnavailable,
                "the registry's folder '\(home.registry)' cannot be written", hint: "make it writable for this user",
                cause: error)
        }
    }

    private func translate(_ error: any Error) -> UserError {
        if let error = error as? UserError { return error }
        if let error = error as? IOError, error.errnoCode == EADDRINUSE {
            return UserError(
                .platformUnavailable, "port \(options.port) is taken by another program",
                hint: "git bim platform start --port <another>", cause: error)
        }
        return UserError(.platformUnavailable, "the platform cannot start: \(error)", cause: error)
    }

    private static func router(
        token: String, ledger: Ledger, feed: EventFeed, repositories: GitRepositories, follower: RefFollower,
        engine: DeploymentEngine, blobs: BlobStore, reach: Reach, logger: Logger
    ) -> Router<PlatformContext> {
        let router = Router(context: PlatformContext.self)
        router.add(middleware: HeadResponses())
        router.add(middleware: ProblemResponses(logger: logger))
        router.add(middleware: Authentication(token: token))
        router.get("/healthz") { _, _ in try json(["status": "ok"]) }
        AppRoutes(ledger: ledger, repositories: repositories, follower: follower, engine: engine).add(to: router)
        DeploymentRoutes(ledger: ledger, feed: feed, repositories: repositories, engine: engine, logger: logger)
            .add(to: router)
        RollbackRoutes(ledger: ledger, repositories: repositories, engine: engine).add(to: router)
        ConfigRoutes(ledger: ledger, engine: engine).add(to: router)
        WebhookRoutes(ledger: ledger, reach: reach).add(to: router)
        LogRoutes(ledger: ledger, engine: engine).add(to: router)
        RegistryRoutes(ledger: ledger, blobs: blobs).add(to: router)
        GitRoutes(ledger: ledger, repositories: repositories, logger: logger).add(to: router)
        return router
    }
}
