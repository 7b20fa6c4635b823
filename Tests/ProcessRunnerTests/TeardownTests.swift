import Glibc
import ProcessRunner
import Testing

@Suite struct TeardownTests {
    /// A shell that starts a grandchild, tells both ids, and stays; neither minds SIGTERM when `stubborn`.
    private func family(stubborn: Bool) -> Command {
        let trap = stubborn ? "trap '' TERM;" : ""
        return shell("\(trap) sleep 1000 & echo $$ $!; while :; do wait; done")
    }

    @Test("The deadline ends grandchildren too, also those that ignore SIGTERM", arguments: [false, true])
    func deadline(stubborn: Bool) async throws {
        let ids = Collector()
        await #expect(throws: ProcessError(.timedOut(.seconds(2)), command: "sh")) {
            try await family(stubborn: stubborn).stream(deadline: .seconds(2)) { ids.add($0.text) }
        }
        expectGone(ids.processes, count: 2)
    }

    @Test("A grandchild that ignores SIGTERM does not survive a leader that obeys it")
    func stubbornGrandchild() async throws {
        let ids = Collector()
        let command = shell("sh -c \"trap '' TERM; echo \\$\\$; while :; do sleep 1000; done\" & echo $$; wait")
        await #expect(throws: ProcessError(.timedOut(.seconds(2)), command: "sh")) {
            try await command.stream(deadline: .seconds(2)) { ids.add($0.text) }
        }
        expectGone(ids.processes, count: 2)
    }

    @Test("Canceling the task ends the whole group")
    func cancel() async throws {
        let ids = Collector()
        let (started, continuation) = AsyncStream.makeStream(of: Void.self)
        let command = family(stubborn: false)
        let task = Task {
            try await command.stream(deadline: nil) {
                ids.add($0.text)
                continuation.finish()
            }
        }
        for await _ in started {}
        task.cancel()
        await #expect(throws: ProcessError(.canceled, command: "sh")) { try await task.value }
        expectGone(ids.processes, count: 2)
    }

    @Test("A program gets SIGTERM before SIGKILL and may clean up")
    func cleanUp() async throws {
        let folder = try TemporaryFolder()
        // What it says meanwhile must not end it before it is done.
        let script = """
            trap 'echo leaving; echo leaving >&2; echo bye > \(folder.path)/farewell; exit' TERM
            echo ready; while :; do sleep 0.01; done
            """
        let (started, continuation) = AsyncStream.makeStream(of: Void.self)
        let task = Task { try await shell(script).stream(deadline: nil) { _ in continuation.finish() } }
        for await _ in started {}
        task.cancel()
        await #expect(throws: ProcessError(.canceled, command: "sh")) { try await task.value }
        #expect(folder.read("farewell") == "bye\n")
    }

    @Test("What a program says after its deadline is still heard")
    func lastWords() async throws {
        let lines = Collector()
        let command = shell("trap 'echo leaving; exit' TERM; echo ready; while :; do sleep 0.01; done")
        await #expect(throws: ProcessError(.timedOut(.seconds(2)), command: "sh")) {
            try await command.streamMerged(deadline: .seconds(2)) { lines.add($0) }
        }
        #expect(lines.texts.first == "ready")
        #expect(lines.texts.last == "leaving")
    }

    @Test("A program that is unwanted before it runs is ended as soon as it does")
    func endedWhileStarting() async throws {
        let folder = try TemporaryFolder()
        let script = "sleep 5; echo late > \(folder.path)/late"
        await #expect(throws: ProcessError(.timedOut(.zero), command: "sh")) {
            try await shell(script).capture(deadline: .zero)
        }
        let task = Task { try await shell(script).capture(deadline: .seconds(60)) }
        task.cancel()
        await #expect(throws: ProcessError(.canceled, command: "sh")) { try await task.value }
        #expect(folder.read("late") == nil)
    }

    @Test("A grandchild that keeps the pipes open holds nothing up")
    func pipesLeftOpen() async throws {
        let captured = try await shell("setsid sleep 1000 & echo $!").capture(deadline: .seconds(20))
        #expect(captured.status == .exited(0))
        let id = try #require(Int32(captured.text.dropLast()))
        #expect(kill(id, SIGKILL) == 0, "the grandchild still ran")
    }

    @Test("A program that closed its output is still held to the deadline")
    func closedOutput() async throws {
        await #expect(throws: ProcessError(.timedOut(.milliseconds(200)), command: "sh")) {
            try await shell("exec >&- 2>&-; exec sleep 1000").capture(deadline: .milliseconds(200))
        }
    }

    private func expectGone(_ processes: [Int32], count: Int) {
        #expect(processes.count == count)
        for process in processes {
            let stat = ProcessTable.current().entries.first { $0.id == process }
            #expect(stat == nil || stat?.isZombie == true, "process \(process) is still there")
        }
    }
}

extension Collector {
    fileprivate var processes: [Int32] {
        texts.flatMap { $0.split(separator: " ") }.compactMap { Int32($0) }
    }
}
