import ProcessRunner
import Sandboxes
import Synchronization

/// Runs instances in bubblewrap sandboxes: own processes, own `/tmp`, a read-only system, the machine's network.
///
/// An instance sees no home, none of the platform's files and no other instance's. It works for root and for an
/// ordinary user alike, and no instance outlives the platform, not even when the platform is killed.
package final class SandboxRuntime: Runtime {
    private let path: String?
    private let hidden: [String]
    private let tools: HostTools
    private let isProven = Mutex(false)
    /// Long, for the sake of a machine that has more to do than it can.
    private static let probeLimit = Duration.seconds(60)

    /// - Parameters:
    ///   - environment: the platform's own; `PATH` and `HOME` are used.
    ///   - hidden: folders that no instance may see, the platform's data above all.
    package init(environment: [String: String], hidden: [String]) {
        path = environment["PATH"]
        self.hidden = hidden
        tools = HostTools.find(path: environment["PATH"], home: environment["HOME"], hidden: hidden)
    }

    package func start(
        _ spec: InstanceSpec,
        onOutput: @escaping @Sendable (String) -> Void
    ) async throws -> any Instance {
        try await check()
        return try await SandboxInstance.start(command(for: spec), label: spec.label, onOutput: onOutput)
    }

    /// Proves once that sandboxes can be made here.
    ///
    /// - Throws: `RuntimeError` with `sandboxMissing` or `namespacesForbidden`.
    package func check() async throws {
        guard !isProven.withLock({ $0 }) else { return }
        let probe = Command(
            try program(),
            HostSystem.isolation + ["--ro-bind", "/", "/", "--proc", "/proc", "--", "/bin/sh", "-c", ":"],
            environment: [:])
        let answer: Captured
        do {
            answer = try await probe.capture(deadline: Self.probeLimit)
        } catch let error as ProcessError {
            if error.kind == .canceled { throw CancellationError() }
            throw Self.unproven(error)
        }
        guard answer.status.isSuccess else { throw Self.forbidden(answer.errorText) }
        isProven.withLock { $0 = true }
    }

    /// Returns the command that runs an instance, whose arguments hold no secret.
    func command(for spec: InstanceSpec) throws -> Command {
        let arguments = SandboxArguments(spec: spec, tools: spec.hasOwnSystem ? HostTools() : tools, hidden: hidden)
        return Command(try program(), try arguments.all, environment: arguments.environment, workingDirectory: "/")
    }

    private func program() throws(RuntimeError) -> String {
        if let found = ExecutableLookup.find("bwrap", path: path) { return found }
        throw RuntimeError(
            .sandboxMissing, detail: "the program 'bwrap' is not installed", hint: "apt-get install bubblewrap")
    }

    /// Words for a bubblewrap that gave no answer at all.
    static func unproven(_ error: ProcessError) -> RuntimeError {
        let what =
            switch error.kind {
            case .timedOut: "'bwrap' did not make a sandbox within \(probeLimit.components.seconds) s"
            default: "'bwrap' cannot be started"
            }
        return RuntimeError(.notStarted, detail: error.detail.isEmpty ? what : "\(what): \(error.detail)")
    }

    private static func forbidden(_ message: String) -> RuntimeError {
        let locks = [
            ("kernel.unprivileged_userns_clone", "0", "1"),
            ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
            ("user.max_user_namespaces", "0", "10000"),
        ]
        let closed = locks.first { name, locked, _ in
            let file = "/proc/sys/" + name.split(separator: ".").joined(separator: "/")
            return ProcFile.read(file).map { String(decoding: $0, as: UTF8.self) } == locked + "\n"
        }
        return RuntimeError(
            .namespacesForbidden,
            detail: "this machine does not allow user namespaces: "
                + message.split(separator: "\n").joined(separator: "; "),
            hint: closed.map { "sudo sysctl -w \($0.0)=\($0.2)" })
    }
}
