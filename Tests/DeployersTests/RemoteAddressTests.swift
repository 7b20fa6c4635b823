import Diagnostics
import PlatformAPI
import Testing

@testable import Deployers

/// What stands behind `bim::`.
struct RemoteAddressTests {
    @Test(
        "Addresses of the embedded platform and of an API are told apart",
        arguments: zip(
            [
                "local/hello", "bim::local/hello", "https://backend.im/acme/api", "bim://backend.im/acme/api",
                "https://backend.im:8443/acme/api.git", "http://127.0.0.1:80/a/b", "http://[::1]:80/a/b",
                "http://localhost/a/b", "/srv/a.git", "bim::../a b@c", "./x", ".", "file:///srv/%C3%A4%20b.git",
                "git@backend.im:acme/api.git", "ssh://git@backend.im:2222/acme/api.git", "backend:api.git",
                "cli:podman/acme/api",
            ],
            [
                .embedded(app: "hello"), .embedded(app: "hello"),
                .api(baseURL: "https://backend.im", AppID(user: "acme", app: "api")),
                .api(baseURL: "https://backend.im", AppID(user: "acme", app: "api")),
                .api(baseURL: "https://backend.im:8443", AppID(user: "acme", app: "api")),
                .api(baseURL: "http://127.0.0.1:80", AppID(user: "a", app: "b")),
                .api(baseURL: "http://[::1]:80", AppID(user: "a", app: "b")),
                .api(baseURL: "http://localhost", AppID(user: "a", app: "b")),
                .repository(at: "/srv/a.git"), .repository(at: "../a b@c"), .repository(at: "./x"),
                .repository(at: "."), .repository(at: "/srv/ä b.git"),
                .repository(at: "git@backend.im:acme/api.git"),
                .repository(at: "ssh://git@backend.im:2222/acme/api.git"), .repository(at: "backend:api.git"),
                .command(name: "podman", AppID(user: "acme", app: "api")),
            ] as [RemoteAddress]))
    func valid(_ text: String, _ address: RemoteAddress) throws {
        #expect(try RemoteAddress(text) == address)
    }

    @Test(
        "What is no address is refused, and a secret in it is not repeated",
        arguments: [
            "", "local/", "local/Hello", "local/../x", "local/a/b", "https://backend.im/acme", "https:///a/b",
            "https://h/a/b/c",
            "https://user:secret@h/a/b", "http://backend.im/a/b", "http://127.evil.example/a/b",
            "http://localhost.evil.example/a/b",
            "file://", "file://srv", "ssh://user:secret@h/a", "ssh://-oProxyCommand=x/a", "-x@h:a", "git@-h:a", "@h:a",
            "cli:x/u", "cli:X/u/a", "ftp://h/a", "git@h:", "hello",
        ])
    func refused(_ text: String) throws {
        let error = #expect(throws: UserError.self) { try RemoteAddress(text) }
        #expect(error?.code == .configInvalid)
        #expect(error?.hint != nil)
        #expect(error?.message.contains("secret") == false)
    }
}

/// Cutting a stream into events.
struct EventReaderTests {
    private static let lines = """
        {"id":1,"message":"queued","time":"t","type":"status"}

        {"id":2,"message":"a ü line","phase":"checking","time":"t","type":"log"}
        no event
        {"id":2,"message":"again","time":"t","type":"log"}
        {"id":3,"message":"x","time":"t","type":"status"}

        """

    @Test(
        "Pieces may be cut anywhere; blank lines, nonsense and what came before are passed over",
        arguments: [1, 2, 7, 64, 4096])
    func pieces(_ size: Int) {
        var reader = EventReader()
        var messages: [String] = []
        let bytes = Array(Self.lines.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            messages += reader.receive(Array(bytes[start..<min(start + size, bytes.count)])).map(\.message)
        }
        #expect(messages == ["queued", "a ü line", "x"])
        #expect(reader.lastID == 3)
        #expect(reader.end == nil)
    }

    @Test("Half a line of a stream that broke off is forgotten, since it comes again whole")
    func reset() {
        var reader = EventReader()
        _ = reader.receive(Array(#"{"id":1,"mess"#.utf8))
        reader.reset()
        #expect(reader.receive(Array("{\"id\":1,\"message\":\"m\",\"time\":\"t\",\"type\":\"log\"}\n".utf8)).count == 1)
    }
}
