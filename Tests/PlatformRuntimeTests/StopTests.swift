import Glibc
@testable import Platform
import ProcessRunner
import Testing

@Suite(.timeLimit(patience)) struct StopTests {
    private let image: Image
    private let runtime: SandboxRuntime

    init() async throws {
        image = try Image()
        runtime = try await SharedRuntime.value
    }

    @Test("A polite program ends by itself and may say good-bye")
    func graceful() async throws {
        let output = Output()
        let script = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
        let instance = try await runtime.start(image.shell(script), onOutput: output.sink)
        #expect(await output.line(startingWith: "ready") != nil)
        #expect(await instance.stop(grace: .seconds(1000)) == .terminated)
        #expect(await instance.waitForExit() == .exited(0))
        #expect(output.all.last == "bye")
        #expect(await instance.stop(grace: .seconds(1000)) == .alreadyGone)
    }

    @Test("A program that ignores SIGTERM and its daemonised grandchild are killed")
    func forced() async throws {
        let output = Output()
        let marker = uniqueMarker()
        let script = """
            trap '' TERM; (setsid sh -c "trap '' TERM; while :; do sleep 9; done" \(marker) >/dev/null 2>&1 &)
            echo ready; while :; do sleep 9; done
            """
        let instance = try await runtime.start(image.shell(script), onOutput: output.sink)
        #expect(await output.line(startingWith: "ready") != nil)
        #expect(!processes(withArgument: marker).isEmpty)
        #expect(await instance.stop(grace: .milliseconds(300)) == .killed)
        #expect(await instance.waitForExit() == .signaled(SIGKILL))
        #expect(processes(withArgument: marker).isEmpty)
    }

    @Test("An instance that was only just started can be stopped")
    func atOnce() async throws {
        let instance = try await runtime.start(image.shell("exec sleep 1000")) { _ in }
        #expect(await instance.stop(grace: .seconds(1000)) == .terminated)
        #expect(await instance.waitForExit() == .signaled(SIGTERM))
    }

    @Test("A canceled caller grants no grace")
    func canceled() async throws {
        let output = Output()
        let instance = try await runtime.start(
            image.shell("trap '' TERM; echo ready; while :; do sleep 9; done"), onOutput: output.sink)
        #expect(await output.line(startingWith: "ready") != nil)
        let stopping = Task { await instance.stop(grace: .seconds(3000)) }
        stopping.cancel()
        #expect(await stopping.value == .killed)
    }

    @Test("An instance that nobody holds is stopped")
    func dropped() async throws {
        let pipe = try image.makePipe("app/alive")
        async let end: Void = waitForEnd(ofPipe: pipe)
        let output = Output()
        var instance: (any Instance)? = try await runtime.start(
            image.shell("exec 3>alive; echo ready; sleep 1000; true"), onOutput: output.sink)
        #expect(await output.line(startingWith: "ready") != nil)
        #expect(instance?.label == "acme/api web.1")
        instance = nil
        try await end
    }

    @Test("No instance survives the sudden death of its platform")
    func platformKilled() async throws {
        let marker = uniqueMarker()
        let pipe = try image.makePipe("alive")
        // Everything that the shell starts, bubblewrap too, holds the pipe.
        async let end: Void = waitForEnd(ofPipe: pipe)
        let command = try runtime.command(
            for: image.shell("echo ready \(marker); setsid sleep 1000 & sleep 1000"))
        let platform = Command(
            "sh", ["-c", "exec 3>\(pipe); \"$0\" \"$@\" & wait", command.executable] + command.arguments,
            environment: command.environment)
        let output = Output()
        let (ids, continuation) = AsyncStream.makeStream(of: Int32.self)
        async let status = platform.streamMerged(
            deadline: .seconds(150), onStart: { continuation.yield($0) }, output.sink)
        #expect(await output.line(startingWith: "ready") != nil)
        #expect(!processes(withArgument: marker).isEmpty)
        for await id in ids {
            kill(id, SIGKILL)
            break
        }
        #expect(try await status == .signaled(SIGKILL))
        try await end
        #expect(processes(withArgument: marker).isEmpty)
    }

    @Test("Listening sockets of any process inside are found")
    func sockets() async throws {
        let output = Output()
        let script = """
            import socket, os, time
            def listen(family, address):
                try:
                    it = socket.socket(family); it.bind((address, 0)); it.listen()
                    return it, it.getsockname()[1]
                except OSError:
                    return None, 0
            a, first = listen(socket.AF_INET, "127.0.0.1")
            b, second = listen(socket.AF_INET6, "::1")
            c = socket.socket(); c.bind(("127.0.0.1", 0))
            print("ports", first, second, flush=True)
            if os.fork() == 0:
                a.close(); time.sleep(1000)
            if b: b.close()
            time.sleep(1000)
            """
        var spec = image.shell("")
        spec.command = ["python3", "-c", script]
        let instance = try await runtime.start(spec, onOutput: output.sink)
        let line = try #require(await output.line(startingWith: "ports"))
        let ports = line.split(separator: " ").compactMap { Int($0) }
        try #require(ports.count == 2)
        // On a machine without IPv6 the second one is missing.
        let expected = zip(["127.0.0.1", "::1"], ports).filter { $1 != 0 }.map {
            ListeningSocket(address: $0, port: $1)
        }
        #expect(expected.first?.address == "127.0.0.1")
        #expect(Set(instance.listeningSockets()) == Set(expected))
        #expect(await instance.stop(grace: .seconds(1000)) == .terminated)
        #expect(instance.listeningSockets().isEmpty)
    }
}
