import Diagnostics
import ProcessRunner
import Testing

@testable import Deployers
@testable import HTTPTransport

/// git's settings for http, as git itself reads them.
struct GitHTTPSettingsTests {
    private let place: Place

    init() throws { place = try Place() }

    private func settings(
        _ url: String, _ config: String, _ variables: [String: String] = [:]
    ) async throws -> HTTPSettings {
        try place.write(config, to: "gitconfig")
        return try await GitHTTPSettings(environment: place.environment(variables), folder: place.folder)
            .settings(for: url)
    }

    @Test("Without settings everything is reached directly, and the system's authorities are trusted")
    func empty() async throws {
        #expect(try await settings("https://h/v1/", "") == HTTPSettings())
    }

    @Test("The section whose URL fits best wins, and git -c wins over all files")
    func urlMatch() async throws {
        let config = """
            [http]
            proxy = http://everyone:1
            [http "https://h"]
            proxy = http://h:2
            [http "https://*.example.org"]
            proxy = http://stars:3
            """
        #expect(try await settings("https://x/", config).proxy?.host == "everyone")
        #expect(try await settings("https://h/v1/apps", config).proxy?.host == "h")
        #expect(try await settings("https://a.example.org/", config).proxy?.port == 3)
        let forced = ["GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.https://h/.proxy", "GIT_CONFIG_VALUE_0": ""]
        #expect(try await settings("https://h/v1/apps", config, forced).proxy == nil)
    }

    @Test(
        "Proxies come from curl's variables where git names none; this machine and exempted names are reached without",
        arguments: zip(
            ["https://h/", "http://h/", "https://in.corp/", "https://127.0.0.1:1/", "https://localhost/"],
            ["secure", "clear", nil, nil, nil] as [String?]))
    func variables(_ url: String, _ host: String?) async throws {
        let variables = [
            "https_proxy": "secure:1", "http_proxy": "http://clear:1", "HTTP_PROXY": "http://evil:1",
            "no_proxy": "other, .corp",
        ]
        #expect(try await settings(url, "", variables).proxy?.host == host)
    }

    @Test("A name of a proxy's user alone is completed by git's credential helper, as git does it")
    func proxyCredential() async throws {
        try place.write("http://me:se%20cret@proxy%3a3128\n", to: "credentials")
        let config = """
            [credential]
            helper = store --file=\(place.folder)/credentials
            [http]
            proxy = http://me@proxy:3128
            """
        let proxy = try await settings("https://h/", config).proxy
        #expect(proxy?.user == "me")
        #expect(proxy?.password == "se cret")
    }

    @Test("A proxy that wants to be spoken to over TLS is refused by name, without its password")
    func unknownProxy() async throws {
        await #expect {
            try await settings("https://h/", "[http]\nproxy = https://u:secret@proxy\n")
        } throws: { error in
            guard let error = error as? UserError else { return false }
            return error.code == .configInvalid && error.message.contains("'http.proxy'")
                && !error.message.contains("secret")
        }
    }

    @Test("Authorities, the check of certificates and the client's own certificate are read, variables first")
    func certificates() async throws {
        for name in ["ca.pem", "other.pem", "own.pem", "own.key"] { try place.write("", to: name) }
        let config = """
            [http]
            sslCAInfo = ~/ca.pem
            sslVerify = no
            sslCert = \(place.folder)/own.pem
            sslKey = \(place.folder)/own.key
            """
        let found = try await settings("https://h/", config)
        #expect(found.certificates == ["\(place.folder)/ca.pem"])
        #expect(!found.checksCertificates)
        #expect(
            found.clientCertificate
                == .init(certificates: "\(place.folder)/own.pem", key: "\(place.folder)/own.key"))
        let other = try await settings("https://h/", config, ["GIT_SSL_CAINFO": "\(place.folder)/other.pem"])
        #expect(other.certificates == ["\(place.folder)/other.pem"])
        #expect(try await settings("https://h/", "[http]\nsslVerify\n").checksCertificates)
    }

    @Test("A file with authorities that is not there is told by the name of its key")
    func missingFile() async throws {
        await #expect {
            try await settings("https://h/", "[http]\nsslCAInfo = /nonexistent/ca.pem\n")
        } throws: { error in
            (error as? UserError)?.message == "'http.sslcainfo' names '/nonexistent/ca.pem', which cannot be read"
        }
    }

    @Test(
        "The headers are those that git itself sends",
        arguments: [
            "[http]\nextraHeader = X-A: 1\n[http \"URL\"]\nextraHeader = X-B: 2\nextraHeader = \"X-C: \\\"3\\\"\"\n",
            "[http \"URL\"]\nextraHeader = X-A: 1\n[http]\nextraHeader = X-B: 2\n",
            "[http]\nextraHeader = X-A: 1\nextraHeader =\nextraHeader = X-B: 2\n",
            "[http \"URL/acme\"]\nextraHeader = X-A: 1\n[http \"http://other\"]\nextraHeader = X-B: 2\n",
        ])
    func headers(_ config: String) async throws {
        let peer = try await ScriptedPeer { _, _ in [.answer(404, "")] }
        let url = "\(peer.url)/acme/api.git"
        let ours = try await settings(url, config.replacing("URL", with: peer.url)).headers
        let git = Command(
            "git", ["ls-remote", url], environment: place.environment(["GIT_TERMINAL_PROMPT": "0"]),
            workingDirectory: place.folder)
        _ = try await git.capture(deadline: .seconds(60))
        let theirs = try #require(peer.requests.first).headers.filter { $0.key.hasPrefix("x-") }
        #expect(Dictionary(uniqueKeysWithValues: ours.map { ($0.name.lowercased(), $0.value) }) == theirs)
        #expect(!theirs.isEmpty)
    }

    @Test("Configured headers go to the platform alone, and never in the place of bim's own")
    func sentHeaders() async throws {
        let peer = try await ScriptedPeer { _, _ in [.answer(200, "[]")] }
        try place.write(
            "[http]\nextraHeader = X-Gate: open\nextraHeader = Authorization: other\n", to: "gitconfig")
        let transport = HTTPTransport(settings: GitHTTPSettings(environment: place.environment()))
        _ = try await APIDeployer(PlatformConnection(peer.url), transport: transport).refs()
        _ = try await transport.send(Exchange("GET", peer.url))
        #expect(peer.requests[0].headers["x-gate"] == "open")
        #expect(peer.requests[0].headers["authorization"] == "Bearer t")
        #expect(peer.requests[1].headers["x-gate"] == nil)
    }

    @Test("What git cannot read is said in git's words")
    func brokenConfiguration() async throws {
        await #expect {
            try await settings("https://h/", "[http\n")
        } throws: { error in
            (error as? UserError)?.code == .configInvalid
        }
    }
}

struct HTTPProxyTests {
    @Test(
        "Proxies are read as curl reads them",
        arguments: zip(
            ["proxy", "http://proxy:3128/", "u:p%40w@proxy:1", "socks5h://[::1]:9", "https://proxy", "ftp://x", ""],
            [
                "proxy 1080 - -", "proxy 3128 - -", "proxy 1 u p@w", "::1 9 - -", nil, nil, nil,
            ] as [String?]))
    func parsing(_ text: String, _ expected: String?) {
        let proxy = HTTPProxy(text)
        #expect(proxy.map { "\($0.host) \($0.port) \($0.user ?? "-") \($0.password ?? "-")" } == expected)
    }
}
