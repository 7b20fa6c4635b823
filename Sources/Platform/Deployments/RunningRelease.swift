internal import Artifacts
internal import Diagnostics
internal import PlatformAPI

/// The instances of one release: started together, restarted one by one when they exit, stopped together.
actor RunningRelease {
    /// What the instances are made from.
    struct Plan: Sendable {
        let environment: EnvironmentID
        let deployment: String
        let number: Int
        let commit: String
        let settings: DeploymentRequest.Settings
        let release: UnpackedRelease
        let url: String
        /// What was set for the environment, by name.
        let config: [String: String]
    }

    nonisolated let plan: Plan
    /// The last lines that the instances printed.
    nonisolated let output = OutputTail()
    /// The port on which `web` was told to listen; another one after each restart.
    private(set) var port: Int
    private let runtime: any Runtime
    private let log: LogFile
    private var instances: [String: any Instance] = [:]
    private var isStopping = false

    init(_ plan: Plan, runtime: any Runtime, log: LogFile) throws {
        self.plan = plan
        self.runtime = runtime
        self.log = log
        self.port = try LoopbackPort.free()
    }

    /// The commands by process type; an image without any runs its own entrypoint as `web`.
    nonisolated var processes: [String: [String]] {
        if plan.settings.processes.isEmpty {
            let own = plan.release.configuration.config
            return ["web": (own?.entrypoint ?? []) + (own?.command ?? [])]
        }
        return plan.settings.processes.mapValues { ["/bin/sh", "-c", $0] }
    }

    nonisolated var hasWeb: Bool { processes["web"] != nil }

    /// Starts one instance of each process type.
    func start() async throws {
        for process in processes.keys.sorted() { try await start(process) }
    }

    /// Runs the release command in the same image and environment until it ends; no traffic reaches it.
    func runReleaseCommand(_ command: String) async throws -> any Instance {
        try await startInstance(of: "release", command: ["/bin/sh", "-c", command])
    }

    private func start(_ process: String) async throws {
        guard let command = processes[process] else { return }
        let started = try await startInstance(of: process, command: command)
        // The release may have been stopped while the sandbox was being made.
        if isStopping {
            _ = await started.stop(grace: .seconds(plan.settings.graceSeconds))
            throw CancellationError()
        }
        instances[process] = started
    }

    private func startInstance(of process: String, command: [String]) async throws -> any Instance {
        let configured = plan.release.configuration.config
        let spec = InstanceSpec(
            label: "\(plan.environment) \(plan.number) \(process)", root: plan.release.folder,
            hasOwnSystem: plan.release.hasOwnSystem, command: command,
            workingDirectory: configured?.workingDirectory.flatMap { $0.isEmpty ? nil : $0 }
                ?? (plan.release.hasOwnSystem ? "/" : "/app"),
            environment: environment(for: process))
        return try await runtime.start(spec) { [output, log] line in
            output.append(line)
            log.append(line, from: process)
        }
    }

    private func environment(for process: String) -> [String: String] {
        var variables: [String: String] = [:]
        for pair in plan.release.configuration.config?.environment ?? [] {
            guard let equals = pair.firstIndex(of: "=") else { continue }
            variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
        }
        variables.merge(plan.config) { _, own in own }
        variables["BIM_APP"] = plan.environment.app.description
        variables["BIM_ENVIRONMENT"] = plan.environment.name
        variables["BIM_RELEASE"] = String(plan.number)
        variables["BIM_COMMIT"] = plan.commit
        variables["BIM_URL"] = plan.url
        // Without it the lines of most interpreters come when the program ends, or never.
        variables["PYTHONUNBUFFERED"] = "1"
        if process == "web" {
            variables["PORT"] = String(port)
            // Many frameworks ask it. Instances share the machine's network, and only the proxy is meant to be reached.
            variables["HOST"] = "127.0.0.1"
        }
        return variables
    }

    func instance(of process: String) -> (any Instance)? { instances[process] }

    /// Keeps the instances alive until the release stops: what exits is started again, later each time.
    ///
    /// - Parameter moved: told that `web` is away, with nil, and the port that it has when it is back.
    func supervise(moved: @escaping @Sendable (Int?) async -> Void) async {
        await withDiscardingTaskGroup { group in
            for process in processes.keys {
                group.addTask { await self.supervise(process, moved) }
            }
        }
    }

    private func supervise(_ process: String, _ moved: @escaping @Sendable (Int?) async -> Void) async {
        var delay = Duration.milliseconds(100)
        while let instance = instances[process] {
            let began = ContinuousClock.now
            let exit = await instance.waitForExit()
            if isStopping || Task.isCancelled { return }
            // Whoever takes the old port now must not be taken for the app.
            if process == "web" { await moved(nil) }
            log.append("'\(process)' \(exit.sentencePart); starting it again", from: "bim")
            delay = ContinuousClock.now - began > .seconds(60) ? .milliseconds(100) : min(delay * 2, .seconds(30))
            do {
                try await Task.sleep(for: delay)
                if isStopping { return }
                if process == "web" { port = try LoopbackPort.free() }
                try await start(process)
                if process == "web" { await moved(port) }
            } catch is CancellationError {
                return
            } catch {
                log.append("'\(process)' could not be started: \(error)", from: "bim")
            }
        }
    }

    /// Stops every instance: SIGTERM, the grace period, SIGKILL.
    func stop() async {
        isStopping = true
        let grace = Duration.seconds(plan.settings.graceSeconds)
        await withDiscardingTaskGroup { group in
            for instance in instances.values {
                group.addTask { _ = await instance.stop(grace: grace) }
            }
        }
    }
}

extension InstanceExit {
    /// The end as part of a sentence: `exited with status 1`.
    var sentencePart: String {
        switch self {
        case .exited(let status): "exited with status \(status)"
        case .signaled(let signal): "was ended by signal \(signal)"
        }
    }
}
