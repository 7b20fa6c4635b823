import Foundation
import Testing

/// What a git user does with a remote.
struct GitRemoteTests {
    private let sandbox: Sandbox
    private let project: Project

    init() async throws {
        sandbox = try Sandbox()
        project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        try await project.push().success()
    }

    private func clone(_ options: String, _ name: String = "clone") async throws -> Project {
        try await sandbox.git("clone --quiet \(options) \(project.remote) \(sandbox.root)/\(name)").success()
        return Project(existing: "\(sandbox.root)/\(name)", in: sandbox)
    }

    @Test("ls-remote, clone and fetch give what is live, and HEAD names production")
    func reading() async throws {
        let live = try await project.objectID("HEAD")
        let listing = try await sandbox.git("ls-remote \(project.remote)").success().stdout
        #expect(listing == "\(live)\tHEAD\n\(live)\trefs/heads/main\n")
        let copy = try await clone("")
        #expect(try await copy.objectID("HEAD") == live)
        #expect(try String(contentsOfFile: copy.folder + "/app.py", encoding: .utf8).contains("one"))
        try await project.commitApp(answering: "two")
        try await project.push().success()
        try await copy.git("fetch origin").success()
        #expect(try await copy.objectID("origin/main") == (try await project.objectID("HEAD")))
    }

    @Test(
        "A shallow or partial clone deploys what is committed in it",
        arguments: ["--depth 1", "--filter=blob:none", ""])
    func clones(_ options: String) async throws {
        for number in 1...3 { try await project.commitApp(answering: "step \(number)") }
        try await project.push().success()
        let copy = try await clone(options)
        try await copy.commitApp(answering: "from a clone")
        try await copy.git("push origin main").success()
        #expect(try await project.answer() == "from a clone")
    }

    @Test("A linked worktree, a subfolder and a bare repository push as the repository does")
    func places() async throws {
        try await project.git("worktree add --quiet \(sandbox.root)/tree -b side").success()
        let tree = Project(existing: "\(sandbox.root)/tree", in: sandbox)
        try await tree.commitApp(answering: "worktree")
        try await tree.push("HEAD:main").success()
        #expect(try await project.answer() == "worktree")
        try await project.git("merge --quiet side").success()
        try await project.commit("Below", ["below/file": "x", "app.py": SampleApp.answering("subfolder")])
        try await sandbox.git("push bim main", in: project.folder + "/below").success()
        #expect(try await project.answer() == "subfolder")
        try await project.commitApp(answering: "bare")
        try await sandbox.git("clone --quiet --bare \(project.folder) \(sandbox.root)/bare.git").success()
        try await sandbox.git("push \(project.remote) main", in: "\(sandbox.root)/bare.git").success()
        #expect(try await project.answer() == "bare")
    }

    @Test("A dry run makes every check, prints the plan and writes nothing")
    func dryRun() async throws {
        let live = try await project.remoteObjectID()
        try await project.commitApp(answering: "two")
        let push = try await project.push("-n main feature-that-is-not-there:main").failure()
        #expect(push.stderr.contains("src refspec"))
        let dry = try await project.push("--dry-run main").success()
        #expect(dry.stderr.contains("main → production"))
        #expect(!dry.stderr.contains("deploy  "))
        #expect(try await project.remoteObjectID() == live)
        #expect(try await project.answer() == "one")
    }

    @Test("A push that would lose commits is refused in git's own words, and --force makes it")
    func nonFastForward() async throws {
        let old = try await project.objectID("HEAD")
        let new = try await project.commitApp(answering: "two")
        try await project.push().success()
        let refused = try await project.push("\(old):main").failure()
        #expect(refused.stderr.contains("(non-fast-forward)"))
        #expect(try await project.remoteObjectID() == new)
        let forced = try await project.push("--force \(old):main").success()
        #expect(forced.stderr.contains("(forced update)"))
        #expect(forced.stderr.contains("nothing new"), "going back builds nothing: \(forced)")
        #expect(forced.stderr.contains("already there"), "going back uploads nothing: \(forced)")
        #expect(try await project.answer() == "one")
    }

    @Test("Somebody else's push in between reads 'fetch first'; a stale lease is refused, a good one passes")
    func fetchFirst() async throws {
        let other = try await clone("", "other")
        let mine = try await project.objectID("HEAD")
        let theirs = try await other.commitApp(answering: "theirs")
        try await other.git("push origin main").success()
        try await project.commitApp(answering: "mine")
        #expect(try await project.push().failure().stderr.contains("(fetch first)"))
        let stale = try await project.push("--force-with-lease=main:\(mine) main").failure()
        #expect(stale.stderr.contains("(stale info)"))
        #expect(try await project.answer() == "theirs")
        try await project.push("--force-with-lease=main:\(theirs) main").success()
        #expect(try await project.answer() == "mine")
    }

    @Test("Tags are stored and deploy nothing; they can be fetched and deleted")
    func tags() async throws {
        try await sandbox.run(["git", "tag", "-a", "v1", "-m", "First"], in: project.folder).success()
        try await project.push("v1").success()
        #expect(try await sandbox.git("ls-remote --tags \(project.remote)").success().stdout.contains("refs/tags/v1"))
        try await project.git("tag -f -a -m again v1 HEAD~0").success()
        #expect(try await project.push("v1").failure().stderr.contains("(already exists)"))
        try await project.push(":v1").success()
        #expect(try await sandbox.git("ls-remote --tags \(project.remote)").success().stdout == "")
        #expect(try await project.status().deployments.count == 1)
    }

    @Test("Another branch is a preview with a URL of its own, and goes with its branch; production stays")
    func previews() async throws {
        try await project.git("checkout --quiet -b feature/Login").success()
        try await project.commitApp(answering: "preview")
        try await project.push("feature/Login").success()
        let status = try await project.status()
        let preview = try #require(status.environments.first { $0.name.hasPrefix("feature-login") })
        let url = try #require(preview.url)
        #expect(try await WebClient.get(url).body == "preview")
        #expect(try await project.answer() == "one")
        try await project.push(":feature/Login").success()
        #expect(try await project.status().environments.map(\.name) == ["production"])
        await #expect(throws: (any Error).self) { try await WebClient.get(url) }
        let refused = try await project.push(":main").failure()
        #expect(refused.stderr.contains("ENVIRONMENT_PROTECTED"))
        #expect(try await project.answer() == "one")
    }

    @Test("Porcelain output, several refs at once and atomic pushes end as git users expect")
    func batches() async throws {
        try await project.git("branch stage").success()
        try await project.git("tag v2").success()
        let porcelain = try await project.push("--porcelain stage v2").success()
        #expect(porcelain.stdout.contains("*\trefs/heads/stage:refs/heads/stage\t[new branch]"))
        #expect(porcelain.stdout.hasSuffix("Done\n"))
        try await project.commitApp(answering: "two")
        let atomic = try await project.push("--atomic main main:stage").failure()
        #expect(atomic.stderr.contains("atomic"))
        #expect(try await project.answer() == "one")
    }

    @Test("An unknown push option is refused; one that begins with x- passes")
    func pushOptions() async throws {
        try await project.commitApp(answering: "two")
        #expect(try await project.push("-o wat main").failure().stderr.contains("CONFIG_INVALID"))
        try await project.push("-o x-ticket=7 -o message=Hello main").success()
    }
}
