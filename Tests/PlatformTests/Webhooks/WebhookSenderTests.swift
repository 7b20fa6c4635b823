import Diagnostics
import HTTPTransport
import Logging
@testable import Platform
import PlatformAPI
import Testing

@Suite("What webhooks are told", .timeLimit(.minutes(1)))
struct WebhookSenderTests {
    private static let secret = "0123456789abcdef"
    private static let failure = DeploymentFailure(code: .crashed, phase: "checking", message: "it crashed")

    private let fixture: LedgerFixture
    private var ledger: Ledger { fixture.ledger }

    init() async throws {
        fixture = try await LedgerFixture()
    }

    private func point(to url: String) async throws {
        try await ledger.setWebhook(of: fixture.production, to: WebhookTarget(url: url, secret: Self.secret))
    }

    /// Ends a deployment in failure.
    private func fail(_ id: String) async throws {
        _ = try await fixture.begin(id)
        #expect(try await ledger.fail(id, as: .failed, Self.failure))
    }

    /// Sends until nothing waits; what became of the last message.
    private func sendAll(_ ledger: Ledger? = nil, reach: Reach = .anywhere) async throws -> Webhook.Delivery? {
        let ledger = ledger ?? self.ledger
        let sender = WebhookSender(
            ledger: ledger, reach: reach, logger: Logger(label: "tests"),
            retry: RetryPolicy(attempts: 3, firstDelay: .milliseconds(1), longestDelay: .milliseconds(2)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (signals, _) = AsyncStream.makeStream(of: Void.self)
            group.addTask { await sender.run(at: signals) }
            while try await !ledger.waitingMessages(after: 0).isEmpty { await Task.yield() }
            group.cancelAll()
        }
        return try await ledger.webhook(of: fixture.production)?.last
    }

    @Test("A receiver that fails twice is told a third time, under the same id, and each try is signed")
    func failsTwice() async throws {
        let receiver = WebhookReceiver(answering: ["500 No", "503 Not yet\r\nRetry-After: 0", "204 No Content"])
        try await point(to: receiver.url)
        try await fail("dpl_1")
        let last = try #require(try await sendAll())
        #expect(last.delivered)
        #expect(last.attempts == 3)
        #expect(last.outcome == "status 204")
        #expect(last.deployment == "dpl_1")
        for _ in 1...3 {
            let request = try #require(await receiver.next())
            #expect(request.headers["webhook-id"] == last.id)
            #expect(request.isSigned(with: Array(Self.secret.utf8)))
            let message = try request.message
            #expect(message.status == .failed)
            #expect(message.code == .crashed)
            #expect(message.message == "it crashed")
        }
    }

    @Test("A redirect is not followed, and given up in the end")
    func redirect() async throws {
        let elsewhere = WebhookReceiver()
        let receiver = WebhookReceiver(answering: ["307 Elsewhere\r\nLocation: \(elsewhere.url)"])
        try await point(to: receiver.url)
        try await fail("dpl_1")
        let last = try #require(try await sendAll())
        #expect(!last.delivered)
        #expect(last.attempts == 3)
        #expect(last.outcome == "status 307, and redirects are not followed")
        try await point(to: elsewhere.url)
        try await fail("dpl_2")
        #expect(try await sendAll()?.delivered == true)
        #expect(try await elsewhere.next()?.message.deployment == "dpl_2", "the first that it hears")
    }

    @Test("A receiver that is gone is told once")
    func gone() async throws {
        let receiver = WebhookReceiver(answering: ["410 Gone"])
        try await point(to: receiver.url)
        try await fail("dpl_1")
        let last = try #require(try await sendAll())
        #expect(!last.delivered)
        #expect(last.attempts == 1)
    }

    @Test("A platform that listens for others sends nothing into a private network")
    func privateNetwork() async throws {
        let receiver = WebhookReceiver()
        try await point(to: receiver.url)
        try await fail("dpl_1")
        let last = try #require(try await sendAll(reach: .publicAddresses(besides: [])))
        #expect(!last.delivered)
        #expect(last.attempts == 1)
        #expect(last.outcome == "its host has an address of a private network")
        try await fail("dpl_2")
        #expect(try await sendAll()?.delivered == true)
        #expect(try await receiver.next()?.message.deployment == "dpl_2", "the first that it hears")
    }

    @Test("What waits when the platform is killed is sent by the next one, and so is the end that it writes itself")
    func restart() async throws {
        let receiver = WebhookReceiver()
        try await point(to: receiver.url)
        try await fail("dpl_1")
        _ = try await fixture.begin("dpl_2")
        let next = try Ledger(path: fixture.path)
        #expect(try await next.failOrphans() == ["dpl_2"])
        _ = try await sendAll(next)
        var codes: [String: ErrorCode?] = [:]
        for _ in 1...2 {
            let message = try #require(await receiver.next()).message
            codes[message.deployment] = message.code
        }
        #expect(codes == ["dpl_1": .crashed, "dpl_2": .platformRestarted])
    }

    @Test("Nothing is put down without a webhook, and what waits goes with it")
    func removed() async throws {
        try await fail("dpl_1")
        #expect(try await ledger.waitingMessages(after: 0).isEmpty)
        try await point(to: "http://127.0.0.1:1/")
        try await fail("dpl_2")
        #expect(try await ledger.waitingMessages(after: 0).map(\.deployment) == ["dpl_2"])
        #expect(try await ledger.removeWebhook(of: fixture.production))
        #expect(try await ledger.waitingMessages(after: 0).isEmpty)
        #expect(try await !ledger.removeWebhook(of: fixture.production))
    }

    @Test("The signature is that of openssl for the same bytes")
    func signature() throws {
        let body = Array(#"{"event_type":"ping"}"#.utf8)
        let (id, time) = ("msg_loFOjxBNrRLzqYUf", 1_731_705_121)
        // printf '%s' 'msg_….1731705121.{"event_type":"ping"}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64
        let marked = try #require(WebhookKey("whsec_plJ3nmyCDGBKInavdOK15jsl"))
        #expect(
            marked.signature(id: id, timestamp: time, body: body) == "v1,iLrWodj6H2QrNRSvdASdRo1DzSXYKqa36og0kGXkcTs=")
        let plain = try #require(WebhookKey("0123456789abcdef"))
        #expect(
            plain.signature(id: id, timestamp: time, body: body) == "v1,eZHl0XX+fFARRMP7f0mcjNTlySp1hatL1MfUErtXLJo=")
    }

    @Test("What is no key is none", arguments: ["", "0123456789abcde", "whsec_", "whsec_MDEy", "whsec_%%%%"])
    func noKey(secret: String) {
        #expect(WebhookKey(secret) == nil)
    }

    @Test(
        "A platform that listens for others takes no URL that leads into a private network",
        arguments: [
            "http://127.0.0.1:1/", "http://localhost/", "https://localhost/", "https://10.0.0.1/", "https://[::1]/",
            "https://169.254.169.254/latest", "https://0x7f.1/",
        ])
    func refused(url: String) {
        let routes = WebhookRoutes(ledger: ledger, reach: .publicAddresses(besides: ["ci.internal", "10.0.0.2"]))
        #expect(throws: Problem.self) { try routes.validate(url) }
        #expect(throws: Never.self) { try routes.validate("https://ci.internal/told") }
        #expect(throws: Never.self) { try routes.validate("https://10.0.0.2/told") }
        #expect(throws: Never.self) { try routes.validate("https://ci.example.com/told") }
    }
}
