import NIOCore
import NIOPosix
@testable import Platform
import ProcessRunner
import Testing

@Suite struct ProxyTests {
    private func withProxy<Result: Sendable>(_ body: (EnvironmentProxy) async throws -> Result) async throws -> Result {
        let proxy = EnvironmentProxy(
            port: 0, quietPeriod: .seconds(1), group: .singletonMultiThreadedEventLoopGroup)
        try await proxy.start()
        do {
            let result = try await body(proxy)
            await proxy.stop()
            return result
        } catch {
            await proxy.stop()
            throw error
        }
    }

    @Test("Fifty clients wait for the switch when the old instance is gone", arguments: [false, true])
    func switching(keepAlive: Bool) async throws {
        let old = try await TestServer(TestServer.http("O"))
        let new = try await TestServer(TestServer.http("N"))
        try await withProxy { proxy in
            proxy.route(to: old.port)
            #expect(try await hammer(proxy, keepAlive: keepAlive).allSatisfy { $0 == "O" })
            try await old.stop()
            try await withThrowingTaskGroup(of: [Character].self) { clients in
                for _ in 0..<50 { clients.addTask { try await hammer(proxy, keepAlive: keepAlive) } }
                proxy.route(to: new.port)
                for try await answers in clients { #expect(answers.allSatisfy { $0 == "N" }) }
            }
        }
    }

    /// Asks twenty times, on one connection or on as many, and returns the answers.
    private func hammer(_ proxy: EnvironmentProxy, keepAlive: Bool) async throws -> [Character] {
        var answers: [Character] = []
        while answers.count < 20 {
            answers += try await withConnection(to: proxy.port) { inbound, outbound in
                var iterator = inbound.makeAsyncIterator()
                var answers: [Character] = []
                repeat {
                    try await outbound.write(TinyHTTP.request)
                    answers.append(try #require(try await TinyHTTP.answer(&iterator)))
                } while keepAlive && answers.count < 20
                return answers
            }
        }
        return answers
    }

    @Test("Under load the old instance is drained and stopped without a lost request", arguments: [false, true])
    func draining(keepAlive: Bool) async throws {
        let old = try await TestServer(TestServer.http("O"))
        let new = try await TestServer(TestServer.http("N"))
        let answered = Counter()
        let switched = Counter()
        try await withProxy { proxy in
            proxy.route(to: old.port)
            try await withThrowingTaskGroup(of: Void.self) { clients in
                for _ in 0..<50 {
                    clients.addTask {
                        try await client(proxy, keepAlive: keepAlive, answered: answered) {
                            switched.value > 0 && answered.value > 1000
                        }
                    }
                }
                while answered.value < 500 { await Task.yield() }
                proxy.route(to: new.port)
                switched.add(1)
                await proxy.drain(backend: old.port, limit: .seconds(20))
                try await old.stop()
                try await clients.waitForAll()
            }
        }
        #expect(answered.value > 1000)
    }

    /// Asks until `isOver`, then once more on a new connection, which the new instance must answer.
    private func client(
        _ proxy: EnvironmentProxy, keepAlive: Bool, answered: Counter, until isOver: @escaping @Sendable () -> Bool
    ) async throws {
        while !isOver() {
            try await withConnection(to: proxy.port) { inbound, outbound in
                var iterator = inbound.makeAsyncIterator()
                var isFirst = true
                repeat {
                    try await outbound.write(TinyHTTP.request)
                    let answer = try await TinyHTTP.answer(&iterator)
                    guard answer != nil else {
                        #expect(!isFirst, "a request on a new connection was lost")
                        return
                    }
                    answered.add(1)
                    isFirst = false
                } while keepAlive && !isOver()
            }
        }
        try await withConnection(to: proxy.port) { inbound, outbound in
            var iterator = inbound.makeAsyncIterator()
            try await outbound.write(TinyHTTP.request)
            #expect(try await TinyHTTP.answer(&iterator) == "N")
        }
    }

    @Test("A client that came before the instance is served when it is there")
    func waiting() async throws {
        let server = try await TestServer(TestServer.http("A"))
        try await withProxy { proxy in
            try await withConnection(to: proxy.port) { inbound, outbound in
                try await outbound.write(TinyHTTP.request)
                proxy.route(to: server.port)
                var iterator = inbound.makeAsyncIterator()
                #expect(try await TinyHTTP.answer(&iterator) == "A")
            }
        }
    }

    @Test("Each direction is closed by itself")
    func halfClose() async throws {
        let server = try await TestServer { channel in
            try await channel.executeThenClose { inbound, outbound in
                var count = 0
                for try await bytes in inbound { count += bytes.readableBytes }
                try await outbound.write(ByteBuffer(string: "received \(count)"))
                outbound.finish()
            }
        }
        try await withProxy { proxy in
            proxy.route(to: server.port)
            let answer = try await withConnection(to: proxy.port) { inbound, outbound in
                for _ in 0..<100 { try await outbound.write(ByteBuffer(repeating: 7, count: 10_000)) }
                outbound.finish()
                var text = ""
                for try await bytes in inbound { text += String(buffer: bytes) }
                return text
            }
            #expect(answer == "received 1000000")
        }
    }

    @Test("A slow reader slows the sender down, and gets every byte")
    func backPressure() async throws {
        // Both peers ask the kernel for small buffers, so that what stands still stands in the proxy.
        let script = """
            import socket, sys, threading, time
            size, sent = 50 * 1024 * 1024, 0
            listener = socket.socket(); listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
            listener.bind(("127.0.0.1", 0)); listener.listen()
            print(listener.getsockname()[1], flush=True)
            def serve():
                global sent
                peer, _ = listener.accept()
                while sent < size: peer.sendall(b"x" * 65536); sent += 65536
                peer.close()
            threading.Thread(target=serve).start()
            reader = socket.socket(); reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            reader.connect(("127.0.0.1", int(sys.argv[1])))
            before = -1
            while sent != before or sent == 0:
                before = sent
                time.sleep(0.3)
            print("stalled", sent, flush=True)
            received = 0
            while chunk := reader.recv(65536): received += len(chunk)
            print("received", received)
            """
        try await withProxy { proxy in
            let output = Output()
            let peers = Command("python3", ["-c", script, "\(proxy.port)"], environment: basic)
            async let status = peers.streamMerged(deadline: .seconds(60)) { output.add($0) }
            proxy.route(to: await output.line(startingWith: "").flatMap { Int($0) })
            let ended = try await status
            #expect(ended == .exited(0))
            let stalled = output.all.dropFirst().first?.split(separator: " ").last.flatMap { Int($0) }
            #expect(stalled.map { $0 < 12 * 1024 * 1024 } == true, "\(output.all)")
            #expect(output.all.last == "received \(50 * 1024 * 1024)")
        }
    }

    @Test("A server that closes at once after its answer loses no byte of it", arguments: [false, true])
    func abruptEnd(clientClosesFirst: Bool) async throws {
        let script = """
            import socket
            listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen()
            print(listener.getsockname()[1], flush=True)
            peer, _ = listener.accept()
            peer.recv(100)
            if \(clientClosesFirst ? "True" : "False"):
                while peer.recv(100): pass
            peer.sendall(b"x" * 20_000_000); peer.close()
            """
        let output = Output()
        let server = Command("python3", ["-c", script], environment: basic)
        async let status = server.streamMerged(deadline: .seconds(60)) { output.add($0) }
        let port = try #require(await output.line(startingWith: "").flatMap { Int($0) })
        try await withProxy { proxy in
            proxy.route(to: port)
            let received = try await withConnection(to: proxy.port) { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "question"))
                if clientClosesFirst { outbound.finish() }
                var received = 0
                for try await bytes in inbound {
                    received += bytes.readableBytes
                    // Slower than the server: its end overtakes the reader.
                    if received < 1_000_000 { try await Task.sleep(for: .milliseconds(1)) }
                }
                return received
            }
            #expect(received == 20_000_000)
        }
        #expect(try await status == .exited(0))
    }

    @Test("Draining closes a silent connection and waits for an answer that is owed")
    func owedAnswer() async throws {
        let asked = AsyncStream.makeStream(of: Void.self)
        let mayAnswer = AsyncStream.makeStream(of: Void.self)
        let server = try await TestServer { channel in
            try await channel.executeThenClose { inbound, outbound in
                for try await _ in inbound {
                    asked.continuation.finish()
                    for await _ in mayAnswer.stream {}
                    try await outbound.write(ByteBuffer(string: "late"))
                }
            }
        }
        try await withProxy { proxy in
            proxy.route(to: server.port)
            try await withConnection(to: proxy.port) { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "question"))
                for await _ in asked.stream {}
                async let drained: Void = proxy.drain(backend: server.port, limit: .seconds(60))
                // Longer than the silence that lets a connection go which is owed nothing.
                try await Task.sleep(for: .milliseconds(1500))
                mayAnswer.continuation.finish()
                var text = ""
                for try await bytes in inbound { text += String(buffer: bytes) }
                #expect(text == "late")
                await drained
            }
        }
    }

    @Test("At its limit draining closes what is left")
    func drainLimit() async throws {
        let asked = AsyncStream.makeStream(of: Void.self)
        let server = try await TestServer { channel in
            try await channel.executeThenClose { inbound, _ in
                for try await _ in inbound { asked.continuation.finish() }
            }
        }
        try await withProxy { proxy in
            proxy.route(to: server.port)
            try await withConnection(to: proxy.port) { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "question"))
                for await _ in asked.stream {}
                await proxy.drain(backend: server.port, limit: .milliseconds(100))
                var count = 0
                do { for try await _ in inbound { count += 1 } } catch {}
                #expect(count == 0)
            }
        }
    }

    @Test("A taken port is named")
    func portTaken() async throws {
        let server = try await TestServer(TestServer.http("A"))
        let proxy = EnvironmentProxy(port: server.port, group: .singletonMultiThreadedEventLoopGroup)
        await #expect(throws: ProxyError.portTaken(server.port)) { try await proxy.start() }
    }
}
