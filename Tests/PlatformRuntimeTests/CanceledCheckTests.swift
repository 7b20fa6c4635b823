import Platform
import Testing

@Suite(.timeLimit(.minutes(1))) struct CanceledCheckTests {
    @Test("Whoever is canceled while the sandbox is tried hears of the cancellation, and of no fault")
    func canceled() async throws {
        let image = try Image()
        try image.write("#!/bin/sh\nexec sleep 1000", to: "app/bwrap", mode: 0o755)
        let runtime = SandboxRuntime(environment: ["PATH": "\(image.root)/app:/usr/bin:/bin"], hidden: [])
        let check = Task { try await runtime.check() }
        check.cancel()
        await #expect(throws: CancellationError.self) { try await check.value }
    }

    @Test(
        "Loopback is 127.0.0.0/8 and ::1, in IPv6's clothes too",
        arguments: [
            ("127.0.0.1", true), ("127.1.2.3", true), ("::1", true), ("::ffff:127.0.0.1", true), ("0.0.0.0", false),
            ("::", false), ("192.168.1.2", false), ("fe80::1", false),
        ])
    func loopback(address: String, isLoopback: Bool) {
        #expect(ListeningSocket(address: address, port: 1).isLoopback == isLoopback)
    }
}
