import Testing

/// Addresses that lead nowhere, and addresses that must not be used.
struct BadAddressTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    @Test(
        "A bad address is refused with a sentence and a hint, before anything is built or started",
        arguments: [
            (
                "bim::https://127.0.0.1:1/u/a", "the platform at 'https://127.0.0.1:1' does not answer",
                "PLATFORM_UNAVAILABLE"
            ),
            ("bim://127.0.0.1:1/u/a", "the platform at 'https://127.0.0.1:1' does not answer", "PLATFORM_UNAVAILABLE"),
            ("bim::local/UPPER", "'UPPER' in 'local/UPPER' cannot be a name", "CONFIG_INVALID"),
            ("bim::local/", "'' in 'local/' cannot be a name", "CONFIG_INVALID"),
            ("bim::local/../x", "'../x' in 'local/../x' cannot be a name", "CONFIG_INVALID"),
            ("bim::nonsense", "'nonsense' is not an address of a bim remote", "CONFIG_INVALID"),
            ("bim::https://host.example/only", "is not an address of a bim remote", "CONFIG_INVALID"),
            ("bim::http://host.example/u/a", "would send the token in the clear", "CONFIG_INVALID"),
            ("bim::https://user:hunter2@host.example/u/a", "the address holds credentials", "CONFIG_INVALID"),
            ("bim::ssh://git:hunter2@host.example/u/a.git", "the address holds credentials", "CONFIG_INVALID"),
            ("bim::cli:tool/only", "is not an address of a bim remote", "CONFIG_INVALID"),
        ])
    func refused(_ address: String, _ sentence: String, _ code: String) async throws {
        let project = try await Project(in: sandbox, remote: address)
        try await project.commitApp(answering: "one")
        let push = try await project.push().failure(128)
        let lines = push.stderr.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("error: ") && $0.contains(sentence) }, "\(push)")
        #expect(lines.contains { $0.hasPrefix("hint: ") }, "\(push)")
        #expect(push.stderr.contains(code), "the code is said: \(push)")
        #expect(!push.stderr.contains("hunter2"))
        #expect(sandbox.platformProcess == nil)
    }

    @Test("Reading from an app that does not exist says so, and makes none")
    func unknownApp() async throws {
        for words in ["ls-remote bim::local/\(sandbox.app)", "clone bim::local/\(sandbox.app) copy"] {
            let answer = try await sandbox.git(words).failure(128)
            #expect(
                answer.stderr.contains("error: there is no app 'local/\(sandbox.app)' on this platform"), "\(answer)")
            #expect(answer.stderr.contains("hint: git push creates it"), "\(answer)")
        }
    }
}
