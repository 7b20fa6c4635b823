import Testing

@testable import Deployers

/// Addresses for ssh, as git takes them.
struct SSHAddressTests {
    struct Parts: Equatable {
        var user: String?
        var host: String
        var port: String?
        var path: String
    }

    @Test(
        "User, host, port and path are told apart in both forms",
        arguments: zip(
            [
                "git@backend.im:acme/api.git", "backend:api.git", "git@[::1]:a b.git", "h:/srv/a:b.git", "u@x@h:p",
                "ssh://git@h:2222/acme/api.git", "ssh://h/~me/api.git", "ssh://[fe80::1]:22/a", "git+ssh://h/%C3%A4",
                "ssh://h:/a",
            ],
            [
                Parts(user: "git", host: "backend.im", path: "acme/api.git"), Parts(host: "backend", path: "api.git"),
                Parts(user: "git", host: "::1", path: "a b.git"), Parts(host: "h", path: "/srv/a:b.git"),
                Parts(user: "u@x", host: "h", path: "p"),
                Parts(user: "git", host: "h", port: "2222", path: "/acme/api.git"),
                Parts(host: "h", path: "~me/api.git"), Parts(host: "fe80::1", port: "22", path: "/a"),
                Parts(host: "h", path: "/ä"), Parts(host: "h", path: "/a"),
            ]))
    func forms(_ text: String, _ parts: Parts) throws {
        let address = try #require(SSHAddress(text))
        #expect(
            Parts(user: address.user, host: address.host, port: address.port, path: address.path) == parts)
    }

    @Test(
        "What ssh or a shell could take for something else is no address",
        arguments: [
            "-oProxyCommand=x:a", "git@-x:a", "-u@h:a", "ssh://-x/a", "ssh://h:22x/a", "ssh://h", "h:", ":a", "@h:a",
            "a/b:c", "plain", "https://h/a", "h o:a", "h:a\nb", "ssh://h/a%00b", "ssh://h:-1/a",
        ])
    func refused(_ text: String) {
        #expect(SSHAddress(text) == nil)
    }
}
