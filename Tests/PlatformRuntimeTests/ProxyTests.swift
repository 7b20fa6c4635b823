import NIOCore
import NIOPosix
@testable import Platform
import ProcessRunner
import Testing

@Suite(.timeLimit(patience)) struct ProxyTests {
    /// - Parameter quietPeriod: long, unless a test is about silence, so that a client that has to wait for its turn on a
    ///   busy machine does not count as silent.
    private func withProxy<Result: Sendable>(
        quietPeriod: Duration = .seconds(3600), _ body: (EnvironmentProxy) async throws -> Result
    ) async throws -> Result {
        let proxy = EnvironmentProxy(port: 0, quietPeriod: quietPeriod, group: .singletonMultiThreadedEventLoopGroup)
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
        let gone = try ReservedPort()
        let new = try await TestServer(TestServer.http("N"))
        let asked = Counter()
        try await withProxy { proxy in
            proxy.route(to: old.port)
            #expect(try await hammer(proxy, keepAlive: keepAlive).allSatisfy { $0 == "O" })
            proxy.route(to: gone.port)
            try await withThrowingTaskGroup(of: [Character].self) { clients in
                for _ in 0..<50 {
                    clients.addTask { try await hammer(proxy, keepAlive: keepAlive) { asked.add(1) } }
                }
                await asked.waitUntil(50)
                proxy.route(to: new.port)
                for try await answers in clients { #expect(answers.allSatisfy { $0 == "N" }) }
            }
        }
    }

    /// Asks twenty times, on one connection or on as many, and returns the answers.
    private func hammer(
        _ proxy: EnvironmentProxy, keepAlive: Bool, onRequest: @escaping @Sendable () -> Void = {}
    ) async throws -> [Character] {
        var answers: [Character] = []
        while answers.count < 20 {
            answers += try await withConnection(to: proxy.port) { inbound, outbound in
                var iterator = inbound.makeAsyncIterator()
                var answers: [Character] = []
                repeat {
                    try await outbound.write(TinyHTTP.request)
                    onRequest()
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
                await answered.waitUntil(500)
                proxy.route(to: new.port)
                switched.add(1)
                await proxy.drain(backend: old.port, limit: .seconds(1000))
                try await old.stop()
                try await clients.waitForAll()
            }
        }
        #expect(answered.value > 1000)
    }

    /// Asks until `isOver`, then once more on a new connection, which the new instance must answer; every request gets an
    /// answer.
    private func client(
        _ proxy: EnvironmentProxy, keepAlive: Bool, answered: Counter, until isOver: @escaping @Sendable () -> Bool
    ) async throws {
        while !isOver() {
            try await withConnection(to: proxy.port) { inbound, outbound in
                var iterator = inbound.makeAsyncIterator()
                repeat {
                    try await outbound.write(TinyHTTP.request)
                    let answer = try await TinyHTTP.answer(&iterator)
                    try #require(answer != nil, "a request was lost")
                    answered.add(1)
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
        // One thread plays all parts, so that nobody's being late can pass for standing still. The bystanders' answers
        // prove that each event loop of the proxy has had its turn.
        let script = """
            import socket, sys
            limit, sent, block = 256 << 20, 0, b"x" * 65536
            listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen()
            print(listener.getsockname()[1], flush=True)
            def connect():
                client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                return client, listener.accept()[0]
            reader, sender = connect()
            bystanders = [connect() for _ in range(16)]
            sender.setblocking(False)
            def fill():
                global sent
                before = sent
                while sent < limit:
                    try: sent += sender.send(block)
                    except BlockingIOError: break
                return sent > before
            while fill():
                for _ in range(20):
                    for client, server in bystanders:
                        client.sendall(b"?"); server.recv(1); server.sendall(b"!"); client.recv(1)
            print("stalled" if sent < limit else "swallowed", sent, flush=True)
            sender.close()
            received = 0
            while chunk := reader.recv(65536): received += len(chunk)
            print("lost", sent - received)
            """
        try await withProxy { proxy in
            let output = Output()
            let peers = Command("python3", ["-c", script, "\(proxy.port)"], environment: basic)
            async let status = peers.streamMerged(deadline: .seconds(150), output.sink)
            proxy.route(to: await output.line(startingWith: "").flatMap { Int($0) })
            let ended = try await status
            #expect(ended == .exited(0))
            #expect(output.all.dropFirst().first?.hasPrefix("stalled ") == true, "\(output.all)")
            #expect(output.all.last == "lost 0")
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
            print("closed", flush=True)
            """
        let output = Output()
        let server = Command("python3", ["-c", script], environment: basic)
        async let status = server.streamMerged(deadline: .seconds(150), output.sink)
        let port = try #require(await output.line(startingWith: "").flatMap { Int($0) })
        try await withProxy { proxy in
            proxy.route(to: port)
            let received = try await withConnection(to: proxy.port) { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "question"))
                if clientClosesFirst { outbound.finish() }
                var received = 0
                var hasWaited = false
                for try await bytes in inbound {
                    received += bytes.readableBytes
                    // What is left fits on the way; the server's end overtakes the reader.
                    if received >= 19_900_000, !hasWaited {
                        hasWaited = true
                        #expect(await output.line(startingWith: "closed") != nil)
                    }
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
                for try await bytes in inbound {
                    guard String(buffer: bytes) == "question" else {
                        try await outbound.write(ByteBuffer(string: "welcome"))
                        continue
                    }
                    asked.continuation.finish()
                    for await _ in mayAnswer.stream {}
                    try await outbound.write(ByteBuffer(string: "late"))
                }
            }
        }
        try await withProxy(quietPeriod: .nanoseconds(1)) { proxy in
            proxy.route(to: server.port)
            try await withConnection(to: proxy.port) { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "question"))
                for await _ in asked.stream {}
                let drained: Task<Void, Never> = try await withConnection(to: proxy.port) { silent, greeter in
                    try await greeter.write(ByteBuffer(string: "hello"))
                    var words = silent.makeAsyncIterator()
                    let welcome = try await words.next(isolation: #isolation)
                    #expect(welcome.map { String(buffer: $0) } == "welcome")
                    let drained = Task { await proxy.drain(backend: server.port, limit: .seconds(1000)) }
                    let end = try await words.next(isolation: #isolation)
                    #expect(end == nil)
                    return drained
                }
                // Whoever closed the silent connection has looked at this one too.
                mayAnswer.continuation.finish()
                var text = ""
                for try await bytes in inbound { text += String(buffer: bytes) }
                #expect(text == "late")
                await drained.value
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
