import Artifacts
import Diagnostics
import Foundation
import HTTPTransport
import Synchronization
import Testing

@testable import Registry

/// Who is asking: where credentials are found, in which order, and to whom they go.
struct CredentialTests {
    private let cargo: Cargo

    init() throws {
        cargo = try Cargo()
    }

    private func user(
        _ host: String = "ghcr.io", _ repository: String = "acme/api", _ variables: [String: String] = [:]
    )
        async -> String?
    {
        await CredentialSearch(environment: cargo.environment(variables)).find(host: host, repository: repository)?
            .credential.user
    }

    @Test("The places are asked in order, the first wins")
    func order() async throws {
        try cargo.write(
            #"[credential]\nhelper = "!f() { echo username=git; echo password=p; }; f"\n"#
                .replacingOccurrences(of: "\\n", with: "\n"), to: ".gitconfig")
        #expect(await user() == "git")
        try cargo.write(#"{"ghcr.io":{"auth":"\#(Data("dockercfg:p".utf8).base64EncodedString())"}}"#, to: ".dockercfg")
        #expect(await user() == "dockercfg")
        try cargo.write(Cargo.auths(["ghcr.io": "docker:p"]), to: ".docker/config.json")
        #expect(await user() == "docker")
        try cargo.write(Cargo.auths(["ghcr.io": "other:p"]), to: "elsewhere/config.json")
        #expect(await user("ghcr.io", "acme/api", ["DOCKER_CONFIG": "\(cargo.folder)/elsewhere"]) == "other")
        try cargo.write(Cargo.auths(["ghcr.io": "podman:p"]), to: ".config/containers/auth.json")
        #expect(await user() == "podman")
        try cargo.write(Cargo.auths(["ghcr.io": "runtime:p"]), to: "run/containers/auth.json")
        var variables = ["XDG_RUNTIME_DIR": "\(cargo.folder)/run"]
        #expect(await user("ghcr.io", "acme/api", variables) == "runtime")
        try cargo.write(Cargo.auths(["ghcr.io": "file:p"]), to: "auth.json")
        variables["REGISTRY_AUTH_FILE"] = "\(cargo.folder)/auth.json"
        #expect(await user("ghcr.io", "acme/api", variables) == "file")
        variables["DOCKER_AUTH_CONFIG"] = Cargo.auths(["ghcr.io": "variable:p"])
        #expect(await user("ghcr.io", "acme/api", variables) == "variable")
        variables.merge(["BIM_REGISTRY_HOST": "ghcr.io", "BIM_REGISTRY_USER": "own", "BIM_REGISTRY_PASSWORD": "p"]) {
            $1
        }
        #expect(await user("ghcr.io", "acme/api", variables) == "own")
        #expect(await user("quay.io", "acme/api", variables) == "git")
    }

    @Test(
        "The most specific key wins, and old spellings of hosts are understood",
        arguments: [
            ("quay.io", "org/repo", "repo"), ("quay.io", "org/other", "org"), ("quay.io", "else/x", "host"),
            ("docker.io", "library/x", "hub"), ("old.example", "x", "old"), ("plain.example:5000", "x", "port"),
            ("none.example", "x", nil),
        ] as [(String, String, String?)])
    func keys(host: String, repository: String, user: String?) async throws {
        try cargo.write(
            Cargo.auths([
                "quay.io/org/repo": "repo:p", "quay.io/org": "org:p", "quay.io": "host:p",
                "https://index.docker.io/v1/": "hub:p", "http://old.example/v2/": "old:p",
                "plain.example:5000": "port:p",
            ]), to: ".docker/config.json")
        #expect(await self.user(host, repository) == user)
    }

    @Test("Helpers are asked for their own hosts, then the store for all, then the file itself")
    func helpers() async throws {
        let helper = """
            #!/bin/sh
            read -r url
            case "$1 $url" in
            "get ghcr.io") echo '{"ServerURL":"ghcr.io","Username":"one","Secret":"s"}';;
            "get https://index.docker.io/v1/") echo '{"Username":"<token>","Secret":"identity"}';;
            *) echo 'credentials not found in native keychain'; exit 1;;
            esac
            """
        try cargo.write(helper, to: "bin/docker-credential-one", mode: 0o755)
        try cargo.write(
            helper.replacingOccurrences(of: "\"one\"", with: "\"store\""), to: "bin/docker-credential-all", mode: 0o755)
        let file = Cargo.auths(["quay.io": "plain:p", "missing.io": "kept:p"]).dropLast()
        try cargo.write(
            file + #","credHelpers":{"ghcr.io":"one","missing.io":"gone"},"credsStore":"all"}"#,
            to: ".docker/config.json")
        let warnings = Mutex<[String]>([])
        let search = CredentialSearch(environment: cargo.environment()) { text in warnings.withLock { $0.append(text) }
        }
        #expect(
            await search.find(host: "ghcr.io", repository: "x")?.source
                == "docker-credential-one (\(cargo.folder)/.docker/config.json)")
        #expect(
            await search.find(host: "docker.io", repository: "library/x")?.credential == .identity(token: "identity"))
        #expect(await search.find(host: "quay.io", repository: "x")?.credential.user == "plain")
        #expect(warnings.withLock { $0 } == [])
        #expect(await search.find(host: "missing.io", repository: "x")?.credential.user == "kept")
        #expect(
            warnings.withLock { $0 } == [
                "'docker-credential-gone' could not be run, which '\(cargo.folder)/.docker/config.json' asks for"
            ])
    }

    @Test("A file that is not understood is passed over with a word")
    func damaged() async throws {
        try cargo.write("{", to: ".docker/config.json")
        let warnings = Mutex<[String]>([])
        let search = CredentialSearch(environment: cargo.environment()) { text in warnings.withLock { $0.append(text) }
        }
        #expect(await search.find(host: "ghcr.io", repository: "x") == nil)
        #expect(warnings.withLock { $0.count } == 1)
    }

    @Test("Basic, token server and identity token let in", arguments: ["basic", "token", "identity"])
    func letsIn(_ way: String) async throws {
        var quirks = ScriptedRegistry.Quirks()
        quirks.login = way == "identity" ? "refresh" : "me:secret:with:colons"
        if way != "basic" { quirks.requestsPerToken = 6 }
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        let entry =
            way == "identity"
            ? #""identitytoken":"refresh""#
            : #""auth":"\#(Data("me:secret:with:colons".utf8).base64EncodedString())""#
        try cargo.write(#"{"auths":{"\#(peer.host)":{\#(entry)}}}"#, to: ".docker/config.json")
        try await cargo.client(peer.host).upload(try cargo.image(["a", "b", "c", "d", "e"]))
        #expect(registry.manifests.count == 1)
    }

    @Test("An error names whose credentials were not taken, and what to type", arguments: [false, true])
    func refused(viaToken: Bool) async throws {
        var quirks = ScriptedRegistry.Quirks()
        quirks.login = "me:secret"
        if viaToken { quirks.requestsPerToken = 4 }
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        let client = try cargo.client(peer.host)
        var error = await #expect(throws: RegistryError.self) { _ = try await client.contains(.sha256(of: [])) }
        #expect(error?.userError.message == "the registry '\(peer.host)' wants credentials, and none were found")
        #expect(error?.userError.hint == "podman login \(peer.host), or docker login \(peer.host)")
        try cargo.write(Cargo.auths([peer.host: "dev:wrong"]), to: ".docker/config.json")
        let other = try cargo.client(peer.host)
        error = await #expect(throws: RegistryError.self) { _ = try await other.contains(.sha256(of: [])) }
        #expect(
            error?.userError.message
                == "the registry '\(peer.host)' does not take the credentials of 'dev' from '\(cargo.folder)/.docker/config.json'"
        )
        #expect(error?.userError.code == .registryAuth)
        #expect(error?.userError.cause?.contains("wrong") != true)
    }

    @Test("A redirection is followed without the credentials")
    func redirection() async throws {
        let store = ScriptedRegistry()
        store.add(blob: Array("{}".utf8))
        let elsewhere = try await store.start()
        var quirks = ScriptedRegistry.Quirks()
        quirks.login = "me:secret"
        quirks.blobLocation = "http://\(elsewhere.host)/v2/a/b/blobs/\(Digest.sha256(of: Array("{}".utf8)))"
        let registry = ScriptedRegistry(quirks)
        registry.add(blob: Array("{}".utf8))
        let peer = try await registry.start()
        try cargo.write(Cargo.auths([peer.host: "me:secret"]), to: ".docker/config.json")
        let session = RegistrySession(
            try cargo.reference("\(peer.host)/a/b"), environment: cargo.environment(), transport: HTTPTransport())
        let reply = try await session.read("GET", "blobs/\(Digest.sha256(of: Array("{}".utf8)))")
        #expect(reply.status == 200)
        #expect(store.log.count == 1)
        #expect(store.authorizations.isEmpty)
        #expect(!registry.authorizations.isEmpty)
    }

    @Test("An upload that is sent to another origin goes there without the credentials")
    func foreignUpload() async throws {
        let store = ScriptedRegistry()
        let elsewhere = try await store.start()
        var quirks = ScriptedRegistry.Quirks()
        quirks.login = "me:secret"
        quirks.takesSinglePost = false
        quirks.uploadLocation = "http://\(elsewhere.host)/v2/a/b/blobs/uploads/x"
        let registry = ScriptedRegistry(quirks)
        let peer = try await registry.start()
        try cargo.write(Cargo.auths([peer.host: "me:secret"]), to: ".docker/config.json")
        await #expect(throws: RegistryError.self) { try await cargo.client(peer.host).upload(try cargo.image(["a"])) }
        #expect(store.log.contains { $0.hasPrefix("PUT") })
        #expect(store.authorizations.isEmpty)
    }
}
