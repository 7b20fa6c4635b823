import Foundation
import Testing

/// The plugin for Claude Code.
struct ClaudePluginTests {
    private static let folder = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "integrations/claude-code").path(percentEncoded: false)

    private static let claude = (ProcessInfo.processInfo.environment["BIM_PEERS"] ?? "/nonexistent") + "/bin/claude"

    private func skill(_ name: String) throws -> (head: String, body: String) {
        let text = try String(contentsOfFile: "\(Self.folder)/skills/\(name)/SKILL.md", encoding: .utf8)
        let parts = text.split(separator: "---\n", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        try #require(parts.count == 3 && parts[0].isEmpty, "\(name) has no front matter")
        return (parts[1], parts[2])
    }

    @Test("The production skill is the user's alone; no skill may change anything without being asked")
    func permissions() throws {
        for name in ["deploy", "deploy-production", "diagnose"] {
            let (head, body) = try skill(name)
            #expect(head.contains("\nname: \(name)\n") || head.hasPrefix("name: \(name)\n"))
            #expect(head.contains("disable-model-invocation: true") == (name == "deploy-production"))
            let allowed = try #require(head.split(separator: "\n").first { $0.hasPrefix("allowed-tools:") })
            for word in ["deploy", "rollback", "config", "push", "commit"] {
                #expect(!allowed.contains("git bim \(word)") && !allowed.contains("git \(word)"), "\(name): \(word)")
            }
            // Spoken of only to forbid it.
            for code in body.matches(of: /`([^`]+)`/).map(\.output.1) where code.hasPrefix("git ") {
                #expect(!code.contains("--force") && !code.contains("--no-verify"), "\(code)")
            }
        }
    }

    @Test("Every command that a skill names is one of bim's")
    func commands() async throws {
        let sandbox = try Sandbox()
        var names: Set<String> = []
        for name in ["deploy", "deploy-production", "diagnose"] {
            let (head, body) = try skill(name)
            names.formUnion((head + body).matches(of: /git bim ([a-z]+)/).map { String($0.output.1) })
        }
        #expect(names.count > 5)
        for name in names { try await sandbox.git("bim help \(name)").success() }
    }

    @Test(
        "Claude Code itself accepts the plugin, strictly",
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: claude),
            "Claude Code is not installed: BIM_CLAUDE=1 scripts/peers.sh"))
    func validates() async throws {
        let sandbox = try Sandbox()
        try await sandbox.run([Self.claude, "plugin", "validate", "--strict", Self.folder]).success()
    }
}
