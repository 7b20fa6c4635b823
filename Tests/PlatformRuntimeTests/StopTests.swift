import Glibc
@testable import Platform
import ProcessRunner
import Testing

@Suite struct StopTests {
    private let image: Image
    private let runtime = SandboxRuntime(environment: basic, hidden: [])

    init() throws {
        image = try Image()
    }

    @Test("A polite program ends by itself and may say good-bye")
    func graceful() async throws {
        let output = Output()
        let script = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
        let instance = try await runtime.start(image.shell(script), onOutput: output.add)
        #expect(await output.line(startingWith: "ready") != nil)
        #expect(await instance.stop(grace: .seconds(30)) == .terminated)
        #expect(await instance.waitForExit() == .exited(0))
        #expect(output.all.last == "bye")
        #expect(await instance.stop(grace: .seconds(30)) == .alreadyGone)
    }

    @Test("A program that ignores SIGTERM and its daemonised grandchild are killed")
    func forced() async throws {
        let output = Output()
        let marker = "10\(getpid())"
        let script = """
            trap '' TERM; (setsid sh -c "trap '' TERM; while :; do sleep \(marker); done" >/dev/null 2>&1 &)
            echo ready; while :; do sleep \(marker); done
            """
        let instance = try await runtime.start(image.shell(script), onOutput: output.add)
        #expect(await output.line(startingWith: "ready") != nil)
        #expect(await instance.stop(grace: .milliseconds(300)) == .killed)
        #expect(await instance.waitForExit() == .signaled(SIGKILL))
        #expect(processes(withArgument: marker).isEmpty)
    }

    @Test("An instance that was only just started can be stopped")
    func atOnce() async throws {
        let instance = try await runtime.start(image.shell("exec sleep 1000")) { _ in }
        #expect(await instance.stop(grace: .seconds(30)) == .terminated)
        #expect(await instance.waitForExit() == .signaled(SIGTERM))
    }

    @Test("A canceled caller grants no grace")
    func canceled() async throws {
        let output = Output()
        let instance = try await runtime.start(
            image.shell("trap '' TERM; echo ready; while :; do sleep 9; done"), onOutput: output.add)
        #expect(await output.line(startingWith: "ready") != nil)
        let stopping = Task { await instance.stop(grace: .seconds(3000)) }
        stopping.cancel()
        #expect(await stopping.value == .killed)
    }

    @Test("An instance that nobody holds is stopped")
    func dropped() async throws {
        let marker = "20\(getpid())"
        let output = Output()
        var instance: (any Instance)? = try await runtime.start(
            image.shell("echo ready; sleep \(marker); true"), onOutput: output.add)
        #expect(await output.line(startingWith: "ready") != nil)
        #expect(instance?.label == "acme/api web.1")
        instance = nil
        try await expectGone(marker)
    }

    @Test("No instance survives the sudden death of its platform")
    func platformKilled() async throws {
        let marker = "30\(getpid())"
        let command = try runtime.command(for: image.shell("echo ready; setsid sleep \(marker) & sleep \(marker)"))
        let platform = Command(
            "sh", ["-c", "\"$0\" \"$@\" & wait", command.executable] + command.arguments,
            environment: command.environment)
        let output = Output()
        let (ids, continuation) = AsyncStream.makeStream(of: Int32.self)
        async let status = platform.streamMerged(deadline: .seconds(30), onStart: { continuation.yield($0) }) {
            output.add($0)
        }
        #expect(await output.line(startingWith: "ready") != nil)
        for await id in ids {
            kill(id, SIGKILL)
            break
        }
        #expect(try await status == .signaled(SIGKILL))
        try await expectGone(marker)
    }

    @Test("Listening sockets of any process inside are found")
    func sockets() async throws {
        let output = Output()
        let script = """
            import socket, os, time
            a = socket.socket(); a.bind(("127.0.0.1", 0)); a.listen()
            b = socket.socket(socket.AF_INET6); b.bind(("::1", 0)); b.listen()
            c = socket.socket(); c.bind(("127.0.0.1", 0))
            print("ports", a.getsockname()[1], b.getsockname()[1], flush=True)
            if os.fork() == 0: a.close(); time.sleep(1000)
            b.close(); time.sleep(1000)
            """
        var spec = image.shell("")
        spec.command = ["python3", "-c", script]
        let instance = try await runtime.start(spec, onOutput: output.add)
        let line = try #require(await output.line(startingWith: "ports"))
        let ports = line.split(separator: " ").compactMap { Int($0) }
        let expected: Set = [
            ListeningSocket(address: "127.0.0.1", port: ports[0]), ListeningSocket(address: "::1", port: ports[1]),
        ]
        #expect(Set(instance.listeningSockets()) == expected)
        #expect(await instance.stop(grace: .seconds(10)) == .terminated)
        #expect(instance.listeningSockets().isEmpty)
    }

    /// Waits, within the test's patience, until no process carries the marker.
    private func expectGone(_ marker: String) async throws {
        let limit = ContinuousClock.now + .seconds(10)
        while !processes(withArgument: marker).isEmpty, ContinuousClock.now < limit { await Task.yield() }
        #expect(processes(withArgument: marker).isEmpty)
    }
}
