internal import Diagnostics
internal import GitCore
internal import ProcessRunner
internal import Workspaces

/// The programs that one build runs: one log, one deadline, and every line told while it comes.
struct BuildConsole: Sendable {
    let log: CommandLog
    private let limit: Duration
    private let end: ContinuousClock.Instant
    private let onEvent: @Sendable (BuildEvent) -> Void

    /// - Parameter commonDirectory: the repository's own folder, in which the log is kept.
    init(
        commonDirectory: String, timeoutSeconds: Int, onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) throws(UserError) {
        let folder = commonDirectory + "/bim/logs/build"
        try Folders.make(folder, below: commonDirectory)
        log = try CommandLog(named: "build", in: folder)
        limit = .seconds(timeoutSeconds)
        end = .now + limit
        self.onEvent = onEvent
    }

    /// What is left of the build's time.
    var remaining: Duration { max(.milliseconds(1), end - .now) }

    /// Runs a command of a step to its end.
    ///
    /// - Parameter feed: writes the command's standard input.
    /// - Returns: how it ended, a failure too.
    /// - Throws: `BuildFailure` when the time was over or there is no such program, `CancellationError`, and what `feed`
    ///   throws.
    func status(
        of command: Command, step: String, isTest: Bool = false,
        feeding feed: @escaping @Sendable (ProgramInput) async throws -> Void = { _ in }
    ) async throws -> ExitStatus {
        onEvent(.step(step))
        log.add("$ \(step)")
        defer { log.flush() }
        do {
            return try await command.streamMerged(deadline: remaining, feeding: feed) { [log, onEvent] line in
                let line = Self.plain(line)
                log.add(line)
                onEvent(.output(line))
            }
        } catch let error as ProcessError {
            throw translate(error, step: step, isTest: isTest)
        }
    }

    /// The line without colors, overwritten parts and other control sequences (ECMA-48), which tools print to pipes too.
    static func plain(_ line: String) -> String {
        guard line.utf8.contains(where: { $0 == 0x1B || $0 == 0x0D }) else { return line }
        // Of a line that was rewritten the last state counts.
        guard var rest = line.unicodeScalars.split(separator: "\r").last else { return "" }
        var text = ""
        while let scalar = rest.popFirst() {
            guard scalar == "\u{1B}" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            guard rest.first == "[" else { continue }
            rest = rest.dropFirst().drop { !("\u{40}"..."\u{7E}").contains($0) }.dropFirst()
        }
        return text
    }

    /// Runs a command of a step, which must succeed, and says how long it took.
    func run(
        _ command: Command, step: String, isTest: Bool = false,
        feeding feed: @escaping @Sendable (ProgramInput) async throws -> Void = { _ in }
    ) async throws {
        let began = ContinuousClock.now
        let status = try await status(of: command, step: step, isTest: isTest, feeding: feed)
        guard status.isSuccess else {
            throw failure(isTest ? .test(step: step, status: status) : .command(step: step, status: status))
        }
        finished(step, ContinuousClock.now - began)
    }

    func finished(_ step: String, _ duration: Duration) { onEvent(.stepFinished(step, duration)) }

    /// The failure with what was printed.
    func failure(_ kind: BuildFailure.Kind) -> BuildFailure {
        log.flush()
        return BuildFailure(kind, tail: log.lastLines, log: log.path)
    }

    private func translate(_ error: ProcessError, step: String, isTest: Bool) -> any Error {
        switch error.kind {
        case .timedOut: failure(.timedOut(step: step, limit: limit, isTest: isTest))
        case .canceled: CancellationError()
        case .notFound, .notExecutable: failure(.toolMissing([error.command]))
        default: failure(.unavailable(tool: error.command, said: error.detail))
        }
    }
}
