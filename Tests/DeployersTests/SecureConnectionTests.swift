import TestPeers
import Diagnostics
import HTTPTransport
import PlatformAPI
import Testing

@testable import Deployers

/// Encrypted connections to a real server, through a real proxy, as git's settings say.
@Suite(.serialized, .enabled(if: Tool.canRun("nginx", "openssl"), "needs nginx and openssl"))
struct SecureConnectionTests {
    private let peer: ScriptedPeer
    private let server: SecureServer
    private let place: Place

    init() async throws {
        peer = try await ScriptedPeer { request, _ in ScriptedPlatform.healthy(request) }
        server = try await SecureServer(before: peer.url)
        place = try Place()
    }

    private func deployer(_ url: String, _ config: String, _ variables: [String: String] = [:]) throws -> APIDeployer {
        try place.write(config, to: "gitconfig")
        let settings = GitHTTPSettings(environment: place.environment(variables), folder: place.folder)
        return APIDeployer(PlatformConnection(url), transport: HTTPTransport(settings: settings), deadlines: .patient)
    }

    private func error(of deployer: APIDeployer) async -> UserError? {
        do throws(UserError) {
            _ = try await deployer.refs()
            return nil
        } catch {
            return error
        }
    }

    private var authority: String { "[http]\nsslCAInfo = \(server.place.folder)/ca.pem\n" }

    @Test("An authority of http.sslCAInfo is trusted, and only for the server that it is set for")
    func authorities() async throws {
        let url = "https://127.0.0.1:\(server.port)"
        #expect(await error(of: try deployer(url, authority)) == nil)
        #expect(try await deployer(url, authority).deployOnce().0.release == 7)
        let unknown = try #require(await error(of: try deployer(url, "")))
        #expect(unknown.code == .platformUnavailable)
        #expect(unknown.message.contains("the certificate of '\(url)'"))
        #expect(unknown.hint?.hasPrefix("git config http.\(url)/.sslCAInfo ") == true)
        let elsewhere = authority.replacing("[http]", with: "[http \"https://elsewhere\"]")
        #expect(await error(of: try deployer(url, elsewhere))?.message.contains("the certificate") == true)
        #expect(await error(of: try deployer(url, "[http]\nsslVerify = false\n")) == nil)
    }

    @Test("A folder of authorities is taken as c_rehash makes it")
    func folderOfAuthorities() async throws {
        let folder = server.place.folder + "/authorities"
        try Tool.run(["mkdir", folder], in: place.folder)
        try Tool.run(["cp", server.place.folder + "/ca.pem", folder], in: place.folder)
        try Tool.run(["openssl", "rehash", folder], in: place.folder)
        let config = "[http]\nsslCAPath = \(folder)\n"
        #expect(await error(of: try deployer("https://127.0.0.1:\(server.port)", config)) == nil)
    }

    @Test("A certificate that has expired, or is for another name, is not taken though its authority is trusted")
    func expired() async throws {
        let expired = try #require(await error(of: try deployer("https://127.0.0.1:\(server.expiredPort)", authority)))
        #expect(expired.code == .platformUnavailable)
        #expect(expired.message.contains("has expired"))
        let other = try #require(await error(of: try deployer("https://127.0.0.1:\(server.namedPort)", authority)))
        #expect(other.message.contains("is for another name"))
    }

    @Test("A server that wants to see a certificate is shown the one of http.sslCert")
    func clientCertificate() async throws {
        let url = "https://127.0.0.1:\(server.mutualPort)"
        let own =
            authority + "sslCert = \(server.place.folder)/good.pem\nsslKey = \(server.place.folder)/good.key\n"
        #expect(await error(of: try deployer(url, own)) == nil)
        #expect(await error(of: try deployer(url, authority))?.code == .platformUnavailable)
    }

    @Test(
        "A proxy with a name and a password is asked to connect, and no more; the token stays between client and platform",
        .enabled(if: Tool.canRun("squid"), "needs squid"))
    func proxy() async throws {
        let proxy = try await ForwardProxy()
        let url = "https://platform.test:\(server.port)"
        let config = authority + "proxy = http://me:s%40cret@127.0.0.1:\(proxy.port)\n"
        #expect(try await deployer(url, config).deployOnce().0.release == 7)
        let variable = ["https_proxy": "http://me:s%40cret@127.0.0.1:\(proxy.port)"]
        #expect(await error(of: try deployer(url, authority, variable)) == nil)
        let refused = try #require(
            await error(of: try deployer(url, authority + "proxy = http://127.0.0.1:\(proxy.port)\n")))
        #expect(refused.code == .platformUnavailable)
        #expect(refused.message == "the proxy does not let requests through to 'platform.test'")
        // Only the proxy knows the name.
        let direct = try deployer(url, authority, variable.merging(["no_proxy": "platform.test"]) { $1 })
        #expect(await error(of: direct)?.message.contains("'platform.test' of the platform is not known") == true)
    }
}

extension APIDeadlines {
    /// Long enough for real servers on a busy machine, without tries that cannot help.
    static var patient: APIDeadlines {
        var deadlines = APIDeadlines()
        deadlines.retry = .never
        return deadlines
    }
}
