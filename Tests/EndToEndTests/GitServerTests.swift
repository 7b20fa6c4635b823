import Foundation
import Glibc
import Testing

/// git mode against a stock sshd, a bare repository with bim's hook, a registry and the platform behind them.
@Suite(.enabled(if: GitHost.mayRun, "openssh-server, docker-registry or python3 is not installed"))
struct GitServerTests {
    private let host: GitHost
    private let project: Project

    init() async throws {
        host = try await GitHost()
        try await host.installHook()
        project = try await host.project()
    }

    private func answer(_ environment: String = "production") async throws -> String {
        let url = try #require(try await host.status().environment(environment)?.url)
        return try await WebClient.get(url).body
    }

    @Test("A push goes live, and what is live can be fetched, cloned and listed; records tell of it")
    func live() async throws {
        let commit = try await project.commitApp(answering: "one")
        let push = try await project.push().success()
        #expect(push.stderr.contains("upload  \(host.registry)/acme/"), "\(push)")
        #expect(push.stderr.contains("release 1, healthy after"), "\(push)")
        #expect(push.stderr.contains("  live    http://127.0.0.1:"), "\(push)")
        #expect(!push.stderr.contains("bim-event") && !push.stderr.contains("bim-alive"), "\(push)")
        #expect(try await answer() == "one")
        #expect(try await host.stored("refs/heads/main") == commit)
        #expect(try await host.status().objectID() == commit)
        #expect(try await project.objectID("bim/main") == commit)
        #expect(try await host.refs("refs/bim/deployments/").count == 1)
        let result = try #require(try await host.refs("refs/bim/results/").first)
        let text = try await host.sandbox.git("-C \(host.repository) cat-file blob \(result):result.json").success()
            .stdout
        #expect(text.contains("\"status\":\"healthy\"") && text.contains("\"release\":1"))
        #expect(try await project.git("ls-remote bim").stdout.contains("\(commit)\trefs/heads/main\n"))
        #expect(try await !project.git("ls-remote bim").stdout.contains("refs/bim/deployments"))
        try await host.sandbox.git("clone --quiet --depth 1 \(host.address("behind")) \(host.sandbox.root)/copy")
            .success()
        let copy = Project(existing: "\(host.sandbox.root)/copy", in: host.sandbox)
        #expect(try await copy.objectID("HEAD") == commit)
        let next = try await project.commitApp(answering: "two")
        try await project.push().success()
        try await copy.git("fetch --quiet origin").success()
        #expect(try await copy.objectID("origin/main") == next)
        #expect(try await project.push().success().stderr == "Everything up-to-date\n")
    }

    @Test("A deployment that fails is a rejected push with its reason; the old release serves on, and going back works")
    func failing() async throws {
        let first = try await project.commitApp(answering: "one")
        try await project.push().success()
        try await project.commit("Crash", ["app.py": SampleApp.crashing])
        let refused = try await project.push().failure().stderr
        #expect(refused.contains("! [remote rejected] main -> main (CRASHED: 'web' exited with status 1"), "\(refused)")
        #expect(refused.contains("          | KeyError: 'DATABASE_URL'"), "\(refused)")
        #expect(try await host.stored("refs/heads/main") == first)
        #expect(try await answer() == "one")
        try await project.commitApp(answering: "three")
        try await project.push().success()
        #expect(try await answer() == "three")
        #expect(try await project.push("\(first):main").failure().stderr.contains("(non-fast-forward)"))
        let back = try await project.push("--force \(first):main").success().stderr
        #expect(
            back.contains("nothing new") && back.contains("already there") && back.contains("(forced update)"),
            "\(back)")
        #expect(try await answer() == "one")
        #expect(try await host.stored("refs/heads/main") == first)
    }

    @Test("Branches are previews that go with them, tags go along atomically, and a dry run changes nothing")
    func branches() async throws {
        let commit = try await project.commitApp(answering: "one")
        let dry = try await project.push("--dry-run main").success().stderr
        #expect(dry.contains("web: python3 app.py"), "\(dry)")
        #expect(try await host.refs("refs/heads/").isEmpty)
        try await project.git("tag v1").success()
        try await project.push("--atomic main v1 main:feature-x").failure()
        #expect(try await host.refs("refs/heads/").isEmpty)
        try await project.push("--atomic main v1").success()
        #expect(try await host.stored("refs/tags/v1") == commit)
        try await project.push("main:feature-x").success()
        #expect(try await answer("feature-x") == "one")
        try await project.push(":feature-x :refs/tags/v1").success()
        #expect(try await host.status().environment("feature-x") == nil)
        #expect(try await host.refs("refs/heads/") == ["refs/heads/main"])
        #expect(try await host.stored("refs/tags/v1") == "")
        let protected = try await project.push(":main").failure().stderr
        #expect(protected.contains("ENVIRONMENT_PROTECTED"), "\(protected)")
        #expect(try await host.stored("refs/heads/main") == commit)
    }

    @Test("A push without a record, by plain git, is refused with what to do; a hook of the operator's has its say")
    func refusals() async throws {
        try await project.commitApp(answering: "one")
        let plain = String(project.remote.dropFirst(5))
        let refused = try await project.git("push \(plain) main").failure().stderr
        #expect(refused.contains("remote: hint: push with bim"), "\(refused)")
        #expect(refused.contains("(CONFIG_INVALID: "), "\(refused)")
        try await host.sandbox.writeProgram("\(host.repository)/hooks/update", "#!/bin/sh\necho not today\nexit 1\n")
        let declined = try await project.push().failure().stderr
        #expect(declined.contains("          | not today") && declined.contains("(FORBIDDEN: "), "\(declined)")
        #expect(try await host.refs("refs/heads/").isEmpty)
    }

    @Test("Ctrl-C cancels the deployment on the platform, and the branch stays", arguments: [true, false])
    func interrupted(bySSH: Bool) async throws {
        if !bySSH { try await project.git("remote set-url bim bim::\(host.repository)").success() }
        try await project.commit("Silent", ["app.py": SampleApp.silent, "Procfile": "web: python3 app.py\n"])
        let push = try project.startPush()
        _ = try await eventually("the release starts") {
            try? await host.status().deployments.first { $0.phase == "checking" }
        }
        push.killGroup(SIGINT)
        #expect(try await push.finish().status == 128 + SIGINT)
        _ = try await eventually("the deployment is canceled") {
            try await host.status().deployments.first { $0.status == "canceled" }
        }
        #expect(try await host.refs("refs/heads/").isEmpty)
        let result = try await eventually("the result is written down") {
            try await host.refs("refs/bim/results/").first
        }
        let text = try await host.sandbox.git("-C \(host.repository) cat-file blob \(result):result.json").success()
            .stdout
        #expect(text.contains("\"status\":\"canceled\""), "\(text)")
    }

    @Test("The operator's own settings stand beside the hook's, and stay when it goes")
    func operatorsSettings() async throws {
        let hidden = ["refs/secret", "refs/bim/deployments", "refs/bim/results"]
        func settings() async throws -> [String] {
            try await host.sandbox.git("-C \(host.repository) config --get-all uploadpack.hideRefs").success().stdout
                .split(separator: "\n").map(String.init)
        }
        try await host.sandbox.git("-C \(host.repository) config --add uploadpack.hideRefs \(hidden[0])").success()
        try await host.installHook()
        #expect(try await Set(settings()) == Set(hidden))
        #expect(try await settings().count == hidden.count)
        try await host.sandbox.run(["bim-receive", "uninstall", host.repository]).success()
        #expect(try await settings() == [hidden[0]])
    }

    @Test("Installing tells what is wrong with the token's file and with a foreign hook, and can be undone")
    func installing() async throws {
        let token = "\(host.sandbox.root)/srv/token"
        chmod(token, 0o644)
        let open = try await host.sandbox.run([
            "bim-receive", "install", host.repository, "http://127.0.0.1:1/local/x", "--token-file", token,
        ]).failure(11)
        #expect(open.stderr.contains("hint: on the server: chmod 600"), "\(open)")
        try await host.sandbox.run(["bim-receive", "uninstall", host.repository]).success()
        #expect(!FileManager.default.fileExists(atPath: "\(host.repository)/hooks/proc-receive"))
        try await host.sandbox.writeProgram("\(host.repository)/hooks/proc-receive", "#!/bin/sh\nexit 1\n")
        let foreign = try await host.sandbox.run([
            "bim-receive", "install", host.repository, "local/\(host.sandbox.app)",
        ]).failure(11)
        #expect(foreign.stderr.contains("is there already, and is not bim's"), "\(foreign)")
    }
}

/// A git server that knows nothing of bim.
@Suite(.enabled(if: GitHost.mayRun, "openssh-server, docker-registry or python3 is not installed"))
struct PlainGitServerTests {
    private let host: GitHost
    private let project: Project

    init() async throws {
        host = try await GitHost()
        project = try await host.project()
    }

    @Test("Commit and record are handed over together, and no more is claimed than is known")
    func handedOver() async throws {
        let commit = try await project.commitApp(answering: "one")
        let unknown = try await project.push().failure().stderr
        #expect(unknown.contains("nothing says which registry takes the artifact"), "\(unknown)")
        #expect(unknown.contains("hint: git config bim.registry"), "\(unknown)")
        try await project.git("config remote.bim.bimRegistry \(host.registry)/acme/api").success()
        let push = try await project.push().success().stderr
        #expect(push.contains("handed over with \(host.registry)/acme/api@sha256:"), "\(push)")
        #expect(push.contains("does not tell what becomes of it") && !push.contains("  live "), "\(push)")
        #expect(try await host.stored("refs/heads/main") == commit)
        let ref = try #require(try await host.refs("refs/bim/deployments/").first)
        let record = try await host.sandbox.git("-C \(host.repository) cat-file blob \(ref):deployment.json").success()
            .stdout
        #expect(record.contains("\"environment\":\"production\"") && record.contains("\"commit\":\"\(commit)\""))
        #expect(try await host.sandbox.git("-C \(host.repository) rev-parse \(ref)^").success().stdout == commit + "\n")
    }

    @Test("With 'bim.deploy = never' refs are stored, by ssh as by a path")
    func stores() async throws {
        try await project.git("config bim.deploy never").success()
        let commit = try await project.commit("One", ["file": "1"])
        try await project.push("main:refs/heads/other main:refs/tags/v1").success()
        #expect(try await host.stored("refs/heads/other") == commit)
        #expect(try await project.git("ls-remote bim refs/tags/v1").stdout == "\(commit)\trefs/tags/v1\n")
        try await project.push(":other").success()
        #expect(try await host.stored("refs/heads/other") == "")
    }

    @Test("An unknown host, a missing key and a missing repository are told apart")
    func failures() async throws {
        try await project.commitApp(answering: "one")
        let missing = try await project.git("push \(host.address())x main").failure(128).stderr
        #expect(missing.contains("error: there is no repository") && missing.contains("APP_NOT_FOUND"), "\(missing)")
        try await host.removeKeys()
        let keyless = try await project.push().failure(128).stderr
        #expect(keyless.contains("takes none of your keys") && keyless.contains("UNAUTHENTICATED"), "\(keyless)")
        try host.forgetHostKey()
        let unknown = try await project.push().failure(128).stderr
        #expect(unknown.contains("the key of the host 'gitserver' is not the one"), "\(unknown)")
    }
}
