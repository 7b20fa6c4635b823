internal import Diagnostics
internal import GitCore
internal import Glibc
internal import ProcessRunner
internal import ProjectConfig
internal import Workspaces

/// Runs the groups of a plan one after another, the checks of each at the same time up to a limit.
struct CheckBatch: Sendable {
    let hook: String
    let arguments: [String]
    let folder: String
    let logFolder: String
    let environment: [String: String]
    let reporter: any Reporter
    let jobs: Int
    /// How often the terminal hears that checks are at work; its reporter makes it one line each ten seconds elsewhere.
    var signOfLife = Duration.seconds(1)

    /// One check that ran.
    struct Result: Sendable {
        let planned: PlannedCheck
        let ending: CheckExecution.Ending
        let duration: Duration
        let log: CommandLog
    }

    /// Runs until a group has a failure; the checks of that group still end.
    func run(_ groups: [[PlannedCheck]]) async throws(UserError) -> [Result] {
        var results: [Result] = []
        for group in groups {
            let ended = try await run(group)
            results += ended
            if ended.contains(where: { $0.ending != .passed }) { break }
        }
        return results
    }

    private func run(_ group: [PlannedCheck]) async throws(UserError) -> [Result] {
        var logs: [CommandLog] = []
        for planned in group { logs.append(try CommandLog(named: planned.check.name, in: logFolder)) }
        let isAlone = group.count == 1 || jobs == 1
        let executions = zip(group, logs).map { planned, log in
            let execution = CheckExecution(
                check: planned.check, hook: hook, arguments: arguments, folder: folder, environment: environment,
                log: log, stream: isAlone ? reporter : nil)
            return (planned, execution)
        }
        return await withTaskGroup(of: Result?.self) { tasks in
            var waiting = executions[...]
            var running = 0
            var results: [Result] = []
            tasks.addTask {
                await tellSignsOfLife(of: group.map(\.check.name))
                return nil
            }
            while results.count < executions.count {
                while running < jobs, let (planned, execution) = waiting.popFirst() {
                    running += 1
                    tasks.addTask {
                        let (ending, duration) = await execution.run()
                        return Result(planned: planned, ending: ending, duration: duration, log: execution.log)
                    }
                }
                guard let next = await tasks.next() else { break }
                guard let result = next else { continue }
                running -= 1
                results.append(result)
                tell(result, isStreamed: isAlone)
            }
            tasks.cancelAll()
            return results
        }
    }

    private func tellSignsOfLife(of names: [String]) async {
        let began = ContinuousClock.now
        let text = names.map { "'\($0)'" }.joined(separator: ", ")
        while (try? await Task.sleep(for: signOfLife)) != nil {
            reporter.report(.progress(.test, "\(text) running for \((ContinuousClock.now - began).short)"))
        }
    }

    /// Says how a check ended; where several run, its output comes here in one piece.
    private func tell(_ result: Result, isStreamed: Bool) {
        if !isStreamed { tellOutput(of: result.log) }
        let name = "'\(result.planned.check.name)'"
        switch result.ending {
        case .passed where isStreamed: break
        case .passed: reporter.report(.finished(.test, "\(name) passed", result.duration))
        case .failed(let reason), .timedOut(let reason):
            reporter.report(.finished(.test, "\(name) \(reason)", result.duration))
            if !isStreamed { reporter.report(.notice("its whole output is in \(result.log.path)")) }
        case .interrupted: break
        }
    }

    /// The output as it is in the log, of a long one its end.
    private func tellOutput(of log: CommandLog) {
        var status = stat()
        guard stat(log.path, &status) == 0, status.st_size < 1 << 20, let bytes = ProcFile.read(log.path) else {
            reporter.report(.notice("the last lines of many; all of them are in \(log.path)"))
            for line in log.lastLines { reporter.report(.output(line)) }
            return
        }
        var splitter = LineSplitter()
        for line in splitter.receive(bytes) { reporter.report(.output(line)) }
    }
}
