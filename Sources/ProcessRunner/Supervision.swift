import Glibc
import Subprocess
import SystemPackage

extension Command {
    /// Runs the program under one roof: its own session, a deadline, and an end that reaches the whole process group.
    ///
    /// `body` runs while the program does. When it throws, the deadline passes or the calling task is canceled, the
    /// group gets SIGTERM and two seconds later SIGKILL, and only then does this return. A grandchild that keeps the
    /// pipes open after the program's own end holds nothing up.
    func supervise<
        Input: InputProtocol, Output: OutputProtocol, ErrorOutput: ErrorOutputProtocol, Result: Sendable
    >(
        input: Input,
        output: Output,
        error: ErrorOutput,
        deadline: Duration?,
        body: @escaping @Sendable (Execution<Input, Output, ErrorOutput>) async throws -> Result
    ) async throws -> (Result, ExitStatus) {
        let configuration = try configuration()
        let processes = ProcessGroup(isOwn: !keepsTerminal)
        return try await withThrowingTaskGroup(of: Ending<Result>.self) { group in
            group.addTask {
                try await launch(
                    configuration, input: input, output: output, error: error, processes: processes, body: body)
            }
            group.addTask { await wait(for: deadline) }
            defer { group.cancelAll() }
            let first = try await group.next()
            if case .finished(let result, let status) = first { return (result, status) }
            // What the processes say while they leave is still read; whoever waits for something else in `body` is
            // canceled afterwards.
            await processes.end()
            group.cancelAll()
            while await group.nextResult() != nil {}
            throw ProcessError(first?.kind ?? .canceled, command: name)
        }
    }

    private func launch<
        Input: InputProtocol, Output: OutputProtocol, ErrorOutput: ErrorOutputProtocol, Result: Sendable
    >(
        _ configuration: Configuration,
        input: Input,
        output: Output,
        error: ErrorOutput,
        processes: ProcessGroup,
        body: @escaping @Sendable (Execution<Input, Output, ErrorOutput>) async throws -> Result
    ) async throws -> Ending<Result> {
        let outcome: ExecutionResult<Swift.Result<Result, any Error>, Output, ErrorOutput>
        do {
            outcome = try await run(configuration, input: input, output: output, error: error) { execution in
                let isUnwanted = processes.lead(by: execution.processIdentifier.value)
                do {
                    if isUnwanted { throw CancellationError() }
                    let result = try await body(execution)
                    // Returning closes the pipes, and a program that then says good-bye would die of it.
                    if Task.isCancelled { await processes.end() }
                    return .success(result)
                } catch {
                    await processes.end()
                    return .failure(error)
                }
            }
        } catch let error as SubprocessError {
            throw ProcessError(.launchFailed, command: name, detail: error.systemMessage)
        }
        do {
            return .finished(try outcome.closureResult.get(), ExitStatus(outcome.terminationStatus))
        } catch let error as SubprocessError {
            throw ProcessError(.launchFailed, command: name, detail: error.systemMessage)
        }
    }

    private func wait<Result>(for deadline: Duration?) async -> Ending<Result> {
        do {
            try await Task.sleep(for: deadline ?? .seconds(100 * 365 * 86400))
            return .stopped(.timedOut(deadline ?? .zero))
        } catch {
            return .stopped(.canceled)
        }
    }

    func configuration() throws(ProcessError) -> Configuration {
        _ = Self.brokenPipesAreErrors
        let texts = [executable] + arguments + environment.flatMap { [$0.key, $0.value] }
        guard !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw ProcessError(.launchFailed, command: name, detail: "an argument or variable holds a NUL byte")
        }
        var options = PlatformOptions()
        options.createSession = !keepsTerminal
        // The library would stop at the leader; `ProcessGroup` ends the group. Signal 0 only keeps the library waiting,
        // whose own SIGKILL after that time is the last resort.
        options.teardownSequence = [
            .send(signal: Signal(rawValue: 0), toProcessGroup: !keepsTerminal, allowedDurationToNextStep: .seconds(10))
        ]
        return Configuration(
            executable: .path(FilePath(try ExecutableLookup.resolve(self))),
            arguments: Arguments(arguments),
            environment: .custom(settableEnvironment.map { Array("\($0.key)=\($0.value)\0".utf8) }),
            workingDirectory: workingDirectory.map { FilePath($0) },
            platformOptions: options
        )
    }

    /// The variables that the operating system can carry.
    var settableEnvironment: [String: String] {
        environment.filter { name, _ in
            !name.isEmpty && !name.utf8.contains(UInt8(ascii: "="))
                && name.utf8.first.map { $0 < 48 || $0 > 57 } == true
        }
    }

    /// Writing to a program that has gone fails with an error instead of ending this process.
    private static let brokenPipesAreErrors: Void = { _ = signal(SIGPIPE, SIG_IGN) }()
}

/// What came first: the program's end, or the reason to stop it.
private enum Ending<Result: Sendable>: Sendable {
    case finished(Result, ExitStatus)
    case stopped(ProcessError.Kind)

    var kind: ProcessError.Kind? {
        if case .stopped(let kind) = self { kind } else { nil }
    }
}

extension ExitStatus {
    init(_ status: TerminationStatus) {
        self =
            switch status {
            case .exited(let code): .exited(code)
            case .signaled(let signal): .signaled(signal)
            }
    }
}

extension SubprocessError {
    /// What the operating system said; the library's own wording may repeat values of the environment.
    var systemMessage: String {
        if code == .failedToChangeWorkingDirectory { return "the working directory cannot be entered" }
        return underlyingError.map(String.init(describing:)) ?? "the program could not be started"
    }
}
