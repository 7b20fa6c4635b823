import Diagnostics
import HTTPTransport
import PlatformAPI
import Testing

@testable import Deployers

/// Tokens: where they come from, whom they are shown, and what is said when they are not taken.
struct PlatformTokenTests {
    private let place: Place

    init() throws { place = try Place() }

    private func connection(_ url: String, _ variables: [String: String]) async throws -> PlatformConnection {
        try await PlatformConnection(
            RemoteAddress("bim::\(url)/acme/api"), environment: place.environment(variables), onStart: nil)
    }

    private func keep(_ credentials: String) throws {
        try place.write(credentials, to: "credentials")
        try place.write(
            "[credential]\nhelper = store --file=\(place.folder)/credentials\n", to: "gitconfig")
    }

    private func error(of url: String, _ variables: [String: String]) async throws -> UserError? {
        let connection = try await connection(url, variables)
        do throws(UserError) {
            _ = try await APIDeployer(connection, transport: HTTPTransport(), deadlines: .quick).refs()
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "BIM_TOKEN is shown to the server that it is for, and to no other",
        arguments: zip(
            [
                ("https://backend.im", nil), ("https://eu.backend.im", nil), ("http://127.0.0.1:8080", nil),
                ("https://evil.example", nil), ("https://backend.im.evil.example", nil),
                ("https://my.host:8443", "my.host:8443"), ("https://my.host", "my.host:8443"),
                ("https://backend.im", "my.host"),
            ] as [(String, String?)],
            [true, true, true, false, false, true, false, false]))
    func binding(_ server: (url: String, host: String?), _ isShown: Bool) async throws {
        var variables = ["BIM_TOKEN": "secret"]
        variables["BIM_TOKEN_HOST"] = server.host
        #expect(try await connection(server.url, variables).token == (isShown ? "secret" : nil))
    }

    @Test("git's credential helper is asked where BIM_TOKEN is not for the server, and nobody at a terminal")
    func helper() async throws {
        try keep("https://someone:kept@h\n")
        #expect(try await connection("https://h", ["BIM_TOKEN": "secret"]).token == "kept")
        #expect(try await connection("https://other", [:]).token == nil)
    }

    @Test("A token of a helper that is not taken is told with its source, and forgotten there")
    func rejected() async throws {
        let peer = try await ScriptedPeer { _, _ in [.answer(401, "{}")] }
        try keep("http://someone:old@127.0.0.1%3a\(peer.port)\n")
        let error = try #require(await error(of: peer.url, [:]))
        #expect(error.code == .unauthenticated)
        #expect(error.message.contains("the token of 'someone' that git's credential helper kept"))
        #expect(error.hint == "git bim login bim::\(peer.url)/acme/api")
        #expect(peer.requests[0].headers["authorization"] == "Bearer old")
        #expect(place.read("credentials") == "")
    }

    @Test("A token of a helper that is taken is kept by the helpers that had no part in it")
    func approved() async throws {
        let peer = try await ScriptedPeer { _, _ in [.answer(200, "[]")] }
        try place.write("http://someone:good@127.0.0.1%3a\(peer.port)\n", to: "credentials")
        try place.write(
            """
            [credential]
            helper = store --file=\(place.folder)/second
            helper = store --file=\(place.folder)/credentials
            """, to: "gitconfig")
        #expect(try await error(of: peer.url, [:]) == nil)
        #expect(place.read("second").contains("someone:good@"))
    }

    @Test("Each source of a token that is not taken is told, and what to type")
    func sources() async throws {
        let peer = try await ScriptedPeer { _, _ in
            let problem = #"{"type":"about:blank","title":"x","status":401,"detail":"it has expired","#
            return [.answer(401, problem + #""code":"UNAUTHENTICATED","retryable":false}"#)]
        }
        let variable = try #require(await error(of: peer.url, ["BIM_TOKEN": "secret"]))
        #expect(variable.message == "'\(peer.url)' does not take the token in BIM_TOKEN: it has expired")
        let none = try #require(await error(of: peer.url, [:]))
        #expect(none.message == "'\(peer.url)' wants a token, and none was found")
        #expect(none.hint == "git bim login bim::\(peer.url)/acme/api")
        let other = try #require(await error(of: peer.url, ["BIM_TOKEN": "secret", "BIM_TOKEN_HOST": "my.host"]))
        #expect(other.message == "'\(peer.url)' wants a token, and the one in BIM_TOKEN is for 'my.host' alone")
        #expect(other.hint?.hasPrefix("export BIM_TOKEN_HOST=127.0.0.1:\(peer.port) ") == true)
        #expect(peer.requests.allSatisfy { $0.headers["authorization"] != "Bearer secret" } == false)
        #expect(peer.requests.last?.headers["authorization"] == nil)
    }
}

/// `git bim login` and `logout`.
struct PlatformLoginTests {
    private let place: Place

    init() throws { place = try Place() }

    private func login(_ url: String) throws -> PlatformLogin {
        try PlatformLogin(RemoteAddress("bim::\(url)/acme/api"), environment: place.environment())
    }

    private func platform() async throws -> ScriptedPeer {
        try await ScriptedPeer { request, _ in
            request.path == "/v1/whoami" && request.headers["authorization"] == "Bearer good"
                ? [.answer(200, #"{"user":"ada","scope":"admin"}"#)] : [.answer(401, "{}")]
        }
    }

    @Test("A token that the platform takes is kept by the helper, and logging out removes it")
    func roundTrip() async throws {
        let peer = try await platform()
        try place.write(
            "[credential]\nhelper = store --file=\(place.folder)/credentials\n", to: "gitconfig")
        #expect(try await login(peer.url).store("good", transport: HTTPTransport()).user == "ada")
        #expect(place.read("credentials").contains("ada:good@127.0.0.1"))
        #expect(try await login(peer.url).forget())
        #expect(place.read("credentials") == "")
        #expect(try await !login(peer.url).forget())
    }

    @Test("A token that is not taken, or is none, is not stored")
    func refused() async throws {
        let peer = try await platform()
        try place.write(
            "[credential]\nhelper = store --file=\(place.folder)/credentials\n", to: "gitconfig")
        for token in ["bad", "", "two words", "line\nbreak"] {
            await #expect { try await login(peer.url).store(token, transport: HTTPTransport()) } throws: { error in
                (error as? UserError)?.code == .unauthenticated
            }
        }
        #expect(place.read("credentials") == "")
    }

    @Test("It is said when no helper would keep the token")
    func noHelper() async throws {
        let peer = try await platform()
        await #expect { try await login(peer.url).store("good", transport: HTTPTransport()) } throws: { error in
            let error = error as? UserError
            return error?.code == .configInvalid && error?.hint?.contains("credential.helper") == true
        }
    }

    @Test("Remotes without an API take no token")
    func otherRemotes() {
        #expect(throws: UserError.self) {
            try PlatformLogin(RemoteAddress("bim::local/app"), environment: place.environment())
        }
    }
}
