import Foundation
import Testing

/// Command mode: a program of the user's takes the artifact from a registry and says where it is live.
@Suite(
    .enabled(
        if: Programs.areAvailable("/usr/bin/docker-registry", "/usr/bin/skopeo", "/usr/sbin/sshd"),
        "docker-registry, skopeo or openssh-server is not installed"))
struct CommandRemoteTests {
    private let host: GitHost
    private let project: Project
    private var sandbox: Sandbox { host.sandbox }

    init() async throws {
        host = try await GitHost()
        project = try await Project(in: host.sandbox, remote: "bim::cli:copy/acme/\(host.sandbox.app)")
        try await project.git("config remote.bim.bimRegistry \(host.registry)/acme/api").success()
    }

    private func setCommand(_ text: String, _ key: String = "bimDeployCommand") async throws {
        try await sandbox.run(["git", "config", "remote.bim.\(key)", text], in: project.folder).success()
    }

    /// Copies the image out of the registry with skopeo, and fails when the app's file is `fail`.
    private func script() async throws -> String {
        let path = "\(sandbox.root)/deploy"
        try await sandbox.writeProgram(
            path,
            """
            #!/bin/sh
            set -eu
            echo "$BIM_APP $2 $BIM_COMMIT" >>"\(sandbox.root)/deployed"
            skopeo copy --quiet --src-tls-verify=false "docker://$1" "dir:\(sandbox.root)/image"
            [ -f "\(sandbox.root)/fail" ] && { echo '{"code":"CRASHED","message":"it ended"}'; exit 1; }
            echo "working"
            echo '{"url":"https://'"$2"'.example","message":"switched"}'

            """)
        return path
    }

    private var deployed: [String] {
        ((try? String(contentsOfFile: "\(sandbox.root)/deployed", encoding: .utf8)) ?? "").split(separator: "\n").map(
            String.init)
    }

    @Test("The command gets the artifact, its words decide, and 'bim/main' is what it has deployed")
    func deploys() async throws {
        try await setCommand("\(try await script()) {artifact} {environment}")
        let first = try await project.commitApp(answering: "one")
        let push = try await project.push().success().stderr
        #expect(push.contains("          | working\n          | switched\n"), "\(push)")
        #expect(push.contains("  live    https://production.example"), "\(push)")
        #expect(deployed == ["acme/\(sandbox.app) production \(first)"])
        #expect(FileManager.default.fileExists(atPath: "\(sandbox.root)/image/manifest.json"))
        #expect(try await project.objectID("bim/main") == first)
        #expect(try await project.git("ls-remote bim").stdout == "\(first)\trefs/heads/main\n")
        #expect(try await project.push().success().stderr == "Everything up-to-date\n")
        try Data().write(to: URL(fileURLWithPath: "\(sandbox.root)/fail"))
        try await project.commitApp(answering: "two")
        let refused = try await project.push().failure().stderr
        #expect(refused.contains("! [remote rejected] main -> main (CRASHED: it ended)"), "\(refused)")
        #expect(try await project.git("ls-remote bim").stdout == "\(first)\trefs/heads/main\n")
        try FileManager.default.removeItem(atPath: "\(sandbox.root)/fail")
        try await project.push().success()
        #expect(try await project.push("\(first):main").failure().stderr.contains("(non-fast-forward)"))
        try await project.push("--force \(first):main").success()
        #expect(deployed.last == "acme/\(sandbox.app) production \(first)")
        try await project.git("fetch bim").success()
        #expect(try await project.objectID("bim/main") == first)
    }

    @Test("A preview is taken down by the command that is set for it; production is protected, and tags are stored")
    func removes() async throws {
        try await setCommand("\(try await script()) {artifact} {environment}")
        try await setCommand("/bin/sh -c 'echo gone >>\"$0\"' \(sandbox.root)/deployed", "bimRemoveCommand")
        let commit = try await project.commitApp(answering: "one")
        try await project.push("main main:feature").success()
        try await project.git("tag v1").success()
        try await project.push("v1").success()
        #expect(try await project.git("ls-remote bim refs/tags/v1").stdout == "\(commit)\trefs/tags/v1\n")
        try await project.push(":feature").success()
        #expect(deployed.last == "gone")
        #expect(try await project.push(":main").failure().stderr.contains("ENVIRONMENT_PROTECTED"))
    }

    @Test("A command that came with bim.yml runs after its user's word alone; a shell is used when it is asked for")
    func trust() async throws {
        let line = "echo \\\"$BIM_ENVIRONMENT\\\" >>\(sandbox.root)/deployed; echo http://shell.example"
        try await project.commit(
            "App", ["app.py": SampleApp.answering("one"), "bim.yml": "deploy: { command: \"\(line)\", shell: true }\n"])
        let refused = try await project.push().failure().stderr
        #expect(refused.contains("(FORBIDDEN: ") && refused.contains("then: bim-hooks trust"), "\(refused)")
        #expect(deployed.isEmpty)
        try await sandbox.run(["bim-hooks", "trust", "main"], in: project.folder).success()
        let push = try await project.push().success().stderr
        #expect(push.contains("  live    http://shell.example"), "\(push)")
        #expect(deployed == ["production"])
    }

    @Test("What is missing or wrong is told before anything is built or run")
    func mistakes() async throws {
        try await project.commitApp(answering: "one")
        #expect(try await project.push().failure().stderr.contains("nothing says which command 'copy' is"))
        try await setCommand("/nonexistent/program {artifact}")
        #expect(try await project.push().failure().stderr.contains("was not found or may not be run"))
        try await setCommand("true {artefact}")
        #expect(try await project.push().failure().stderr.contains("the placeholder '{artefact}', which is not known"))
        try await setCommand("sh -c 'exit 75'")
        #expect(try await project.push().failure().stderr.contains("(PLATFORM_UNAVAILABLE: "))
        try await setCommand("sleep 60")
        try await setCommand("1", "bimDeployTimeout")
        #expect(try await project.push().failure().stderr.contains("did not end within 1.0 s and was stopped"))
    }
}
