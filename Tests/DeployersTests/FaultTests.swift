import Diagnostics
import HTTPTransport
import PlatformAPI
import Testing

@testable import Deployers

/// A faulty server for one answer: each fault ends in a code, and trying again is all it takes.
struct FaultyAnswerTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let moves: [ScriptedPeer.Move]
        var code = ErrorCode.platformUnavailable
        var message = "does not answer"

        init(
            _ name: String, _ moves: [ScriptedPeer.Move], _ code: ErrorCode = .platformUnavailable,
            _ message: String = "does not answer"
        ) {
            testDescription = name
            self.moves = moves
            self.code = code
            self.message = message
        }
    }

    private static let head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    private static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    private static let noPlatform = "not as a Backend.im platform does"
    private static let faults = [
        Fault("cut before the status", []),
        Fault("cut in the status line", [.send("HTTP/1.1 20")]),
        Fault("cut behind the status line", [.send("HTTP/1.1 200 OK\r\n")]),
        Fault("cut in a header", [.send("HTTP/1.1 200 OK\r\nContent-Le")]),
        Fault("cut before the body", [.send(head)]),
        Fault("cut in the body", [.send(head + #"[{"ref""#)]),
        Fault("cut in a chunk's size", [.send(chunked + "1")]),
        Fault("cut in a chunk", [.send(chunked + "5\r\n[{")]),
        Fault("cut behind a chunk", [.send(chunked + "2\r\n[{\r\n")]),
        Fault("silent from the start", [.stall], .platformUnavailable, "does not answer in time"),
        Fault("silent in the headers", [.send("HTTP/1.1 200 OK\r\nX: "), .stall], .platformUnavailable, "in time"),
        Fault("silent in the body", [.send(head + "["), .stall], .platformUnavailable, "in time"),
        Fault(
            "headers that trickle", [.send("HTTP/1.1 200 OK\r\n"), .trickle("X-More: 1\r\n")], .platformUnavailable,
            "in time"),
        Fault("a body that trickles", [.send(chunked), .trickle("1\r\n \r\n")], .platformUnavailable, "in time"),
        Fault("no HTTP", [.send("SSH-2.0-OpenSSH_9.2\r\n\r\n")]),
        Fault("two lengths", [.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n[]")]),
        Fault("a page", [.answer(200, "<html>Welcome</html>")], .platformUnavailable, noPlatform),
        Fault("a page that is not there", [.answer(404, "<html>no</html>")], .platformUnavailable, noPlatform),
        Fault("JSON of another kind", [.answer(200, #"{"refs":1}"#)], .platformUnavailable, noPlatform),
        Fault("elsewhere", [.answer(302, "", "Location: /login\r\n")], .platformUnavailable, noPlatform),
        Fault("500", [.answer(500, "oops")], .platformUnavailable, "status 500"),
        Fault("503 of a proxy", [.answer(503, "<html>busy</html>")], .platformUnavailable, "status 503"),
        Fault("429", [.answer(429, "slow down", "Retry-After: 0\r\n")], .platformUnavailable, "status 429"),
        Fault("401", [.answer(401, "who are you")], .unauthenticated, "does not take this token"),
        Fault(
            "a code of a newer platform",
            [
                .answer(
                    418,
                    #"{"type":"about:blank","title":"T","status":418,"detail":"a new thing","code":"TEAPOT","#
                        + #""retryable":false}"#)
            ], .internal, "a new thing"),
    ]

    @Test("Each fault ends in its code, and the next try completes", arguments: faults)
    func fault(_ fault: Fault) async throws {
        let tries = APIDeadlines.short.retry.attempts
        let peer = try await ScriptedPeer { request, number in
            number < tries && !fault.testDescription.hasPrefix("401") || number == 0
                ? fault.moves : ScriptedPlatform.healthy(request)
        }
        let deployer = APIDeployer(
            PlatformConnection(peer.url), transport: HTTPTransport(),
            deadlines: fault.message.contains("in time") ? .short : .quick)
        var seen: UserError?
        // What is not worth trying again is not tried again, so the first answers may be fewer than the tries.
        while peer.requests.count < tries, seen == nil || peer.requests.count == 1 {
            do throws(UserError) { _ = try await deployer.refs() } catch { seen = error }
        }
        let healthy = APIDeployer(PlatformConnection(peer.url), transport: HTTPTransport(), deadlines: .quick)
        let error = try #require(seen)
        #expect(error.code == fault.code)
        #expect(error.message.contains(fault.message), "\(error.message)")
        #expect(error.hint != nil)
        #expect(try await healthy.refs() == [])
    }

    @Test("A server that asks for patience gets it, and then its answer is taken")
    func retryAfter() async throws {
        let peer = try await ScriptedPeer { request, number in
            number == 0 ? [.answer(429, "", "Retry-After: 0\r\n")] : ScriptedPlatform.healthy(request)
        }
        let deployer = APIDeployer(PlatformConnection(peer.url), transport: HTTPTransport(), deadlines: .quick)
        #expect(try await deployer.refs() == [])
        #expect(peer.requests.count == 2)
    }

    @Test("A name that nobody knows, and a port where nobody listens, are told apart")
    func nowhere() async throws {
        let transport = HTTPTransport()
        let unknown = APIDeployer(
            PlatformConnection("https://nothing.invalid"), transport: transport, deadlines: .quick)
        await #expect { try await unknown.refs() } throws: { error in
            let error = error as? UserError
            return error?.code == .platformUnavailable
                && error?.message == "the name 'nothing.invalid' of the platform is not known"
        }
        var peer: ScriptedPeer? = try await ScriptedPeer { _, _ in [] }
        let url = try #require(peer?.url)
        peer = nil
        let closed = APIDeployer(PlatformConnection(url), transport: transport, deadlines: .quick)
        await #expect { try await closed.refs() } throws: { ($0 as? UserError)?.code == .platformUnavailable }
    }
}

/// A platform that is lost, or spoils what it says, in the middle of a deployment.
struct FaultyDeploymentTests {
    private func deployer(_ peer: ScriptedPeer, _ deadlines: APIDeadlines = .quick) -> APIDeployer {
        APIDeployer(PlatformConnection(peer.url), transport: HTTPTransport(), deadlines: deadlines)
    }

    private static let cuts = Array(stride(from: 0, to: ScriptedPlatform.stream(after: 0).utf8.count, by: 41))

    @Test("An event stream may be cut at any byte: it goes on behind the last whole event", arguments: cuts)
    func cutStream(_ cut: Int) async throws {
        let whole = ScriptedPlatform.stream(after: 0)
        let begin = String(decoding: Array(whole.utf8)[..<cut], as: UTF8.self)
        let peer = try await ScriptedPeer { request, _ in
            guard request.path.hasSuffix("/events"), request.headers["last-event-id"] == "0", cut > 0 else {
                return ScriptedPlatform.healthy(request)
            }
            // The first stream is cut; where no event was whole, the next one is the same again and is not.
            return [.send(ScriptedPlatform.streamHead + begin)]
        }
        let known = begin.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        if known == 0, cut > 0 { return try await cutBeforeFirst(begin) }
        let (deployment, ids) = try await deployer(peer).deployOnce()
        #expect(deployment.release == 7)
        #expect(ids == [1, 2, 3, 4])
        #expect(peer.requests.last?.headers["last-event-id"] == String(cut == 0 ? 0 : known))
    }

    private func cutBeforeFirst(_ begin: String) async throws {
        let peer = try await ScriptedPeer { request, number in
            number == 1 ? [.send(ScriptedPlatform.streamHead + begin)] : ScriptedPlatform.healthy(request)
        }
        let (deployment, ids) = try await deployer(peer).deployOnce()
        #expect(deployment.release == 7)
        #expect(ids == [1, 2, 3, 4])
    }

    private static let interruptions: [[ScriptedPeer.Move]] = [
        [], [.stall], [.send("HTTP/1.1 200 O")], [.answer(500, "")], [.answer(429, "", "Retry-After: 0\r\n")],
        [.answer(503, "<html>")], [.send(ScriptedPlatform.streamHead), .stall],
        [.send(ScriptedPlatform.streamHead), .trickle("{")],
        [.send(ScriptedPlatform.streamHead + "nonsense\n\u{0}\u{1}\n{}\n")],
    ]

    @Test("What comes in the place of a stream is no end: it is opened again", arguments: interruptions.indices)
    func interruptedStream(_ index: Int) async throws {
        let peer = try await ScriptedPeer { request, number in
            number == 1 ? Self.interruptions[index] : ScriptedPlatform.healthy(request)
        }
        var deadlines = APIDeadlines.quick
        // Where nothing comes, something has to end the wait; what does come is never so late.
        deadlines.silence = .seconds(4)
        deadlines.answer = Self.interruptions[index].isSilent ? .seconds(4) : deadlines.answer
        let (deployment, ids) = try await deployer(peer, deadlines).deployOnce()
        #expect(deployment.release == 7)
        #expect(ids == [1, 2, 3, 4])
    }

    @Test("A start whose answer is lost is asked for again under the same key, on the same condition")
    func lostStart() async throws {
        let peer = try await ScriptedPeer { request, number in
            number == 0 ? [.send("HTTP/1.1 202 Accep")] : ScriptedPlatform.healthy(request)
        }
        _ = try await deployer(peer).deployOnce()
        let starts = peer.requests.filter { $0.method == "POST" }
        #expect(starts.count == 2)
        #expect(starts[0].headers["idempotency-key"] == starts[1].headers["idempotency-key"])
        #expect(starts[0].headers["idempotency-key"]?.isEmpty == false)
        #expect(starts.allSatisfy { $0.headers["if-none-match"] == "*" && $0.body == starts[0].body })
    }

    @Test("A token that runs out in the middle is told, and that the deployment may go on")
    func expiredInTheMiddle() async throws {
        let peer = try await ScriptedPeer { request, number in
            number == 0 ? ScriptedPlatform.healthy(request) : [.answer(401, "")]
        }
        await #expect { try await deployer(peer).deployOnce() } throws: { error in
            let error = error as? UserError
            return error?.code == .unauthenticated && error?.message.contains("d1 was lost sight of") == true
                && error?.hint == "git bim login bim::\(peer.url)/acme/api"
        }
    }

    @Test("A platform that is lost for good ends the push by its deadline, and a second push completes")
    func lostForGood() async throws {
        let isBack = Told<Bool>()
        let peer = try await ScriptedPeer { request, number in
            number == 0 || !isBack.all.isEmpty ? ScriptedPlatform.healthy(request) : []
        }
        var deadlines = APIDeadlines.quick
        deadlines.search = .milliseconds(20)
        await #expect { try await deployer(peer, deadlines).deployOnce() } throws: { error in
            let error = error as? UserError
            return error?.code == .platformUnavailable && error?.message.contains("may still go on") == true
        }
        isBack.add(true)
        #expect(try await deployer(peer).deployOnce().0.release == 7)
    }

    @Test("A deployment that nothing more is heard of is canceled on the other side")
    func canceledThere() async throws {
        let peer = try await ScriptedPeer { request, _ in
            request.path.hasSuffix("/events") ? [] : ScriptedPlatform.healthy(request)
        }
        var deadlines = APIDeadlines.quick
        deadlines.search = .milliseconds(20)
        #expect(try await deployer(peer, deadlines).deployOnce().0.status == .canceled)
        #expect(peer.requests.contains { $0.path.hasSuffix("/deployments/d1/cancel") })
    }
}

extension [ScriptedPeer.Move] {
    /// Whether the first thing is a silence.
    fileprivate var isSilent: Bool { if case .stall? = first { true } else { false } }
}

/// Whether platform and client speak the same version.
struct PlatformContractTests {
    private func describe(_ answer: String) async throws -> PlatformDescription {
        let peer = try await ScriptedPeer { _, _ in [.answer(200, answer)] }
        return try await APIDeployer(PlatformConnection(peer.url), transport: HTTPTransport(), deadlines: .quick)
            .describe()
    }

    private func description(_ version: String) -> String {
        #"{"version":"\#(version)","platforms":[{"os":"linux","architecture":"amd64"}],"artifact_kinds":["image"],"#
            + #""features":["git"],"something_new":true}"#
    }

    @Test("A platform of this version is taken, with what it has that is new", arguments: ["1", "1.4"])
    func same(_ version: String) async throws {
        #expect(try await describe(description(version)).version == version)
    }

    @Test(
        "A platform that is older or newer is told so, and who has to update",
        arguments: zip(
            ["2", "10.1", "0", "beta"],
            [
                "install a newer bim", "install a newer bim", "ask the platform's operator to update it",
                "ask the platform's operator to update it",
            ]))
    func other(_ version: String, _ hint: String) async throws {
        await #expect { try await describe(description(version)) } throws: { error in
            let error = error as? UserError
            return error?.code == .platformVersion && error?.hint == hint
                && error?.message.contains("speaks version '\(version)'") == true
        }
    }

    @Test("A part that a platform lacks is named")
    func lacking() throws {
        let description = PlatformDescription(version: "1", platforms: [], artifactKinds: [], features: ["git"])
        try description.require("git", for: "this", at: "https://h")
        #expect(throws: UserError.self) { try description.require("hold", for: "this", at: "https://h") }
    }
}
