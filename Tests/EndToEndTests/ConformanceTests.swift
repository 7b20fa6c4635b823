import Foundation
import Testing

/// What a git user does with a remote, as a table: the same on a platform that is told to deploy nothing, and on a plain
/// repository.
struct ConformanceTests {
    /// Where the refs are kept.
    enum Keeper: String, CaseIterable, CustomTestStringConvertible {
        case platform, repository

        var testDescription: String { rawValue }
    }

    /// One command of the user's and what comes of it.
    struct Row: Sendable {
        /// Commands that prepare, run by a shell in the project's folder.
        var given = ":"
        let push: String
        var status: Int32 = 0
        /// What git prints, on standard error.
        let says: [String]
        /// The names of the remote's refs afterwards; nil leaves them unlooked at.
        var refs: [String]?
        /// A shell test that holds afterwards.
        var then = ":"
    }

    private static let rows: [Row] = [
        Row(push: "bim main", says: ["* [new branch]      main -> main"], refs: ["refs/heads/main"]),
        Row(push: "bim main", says: ["Everything up-to-date"]),
        Row(
            given: "git commit -q --allow-empty -m two", push: "bim HEAD", says: ["HEAD -> main"],
            then: "test $(git rev-parse bim/main) = $(git rev-parse main)"),
        Row(push: "bim HEAD~1:main", status: 1, says: ["! [rejected]        HEAD~1 -> main (non-fast-forward)"]),
        Row(push: "--force bim HEAD~1:main", says: ["(forced update)"]),
        Row(push: "bim +HEAD~2:main", status: 1, says: ["src refspec"]),
        Row(push: "--force-with-lease=main:HEAD bim main", status: 1, says: ["(stale info)"]),
        Row(push: "--force-with-lease=main:HEAD~1 bim main", says: ["main -> main"]),
        Row(push: "--force-with-lease=new: bim main:new", says: ["[new branch]"]),
        Row(push: "--force-with-lease=new: bim main~1:new", status: 1, says: ["(stale info)"]),
        Row(push: "--force-with-lease bim main~1:new", says: ["(forced update)"]),
        Row(push: "--delete bim new", says: ["- [deleted]         new"], refs: ["refs/heads/main"]),
        Row(push: "--delete bim nothing", status: 1, says: ["remote ref does not exist"]),
        Row(
            given: "git tag light; git tag -a -m a heavy; git tag -a -m b heavier heavy", push: "bim --tags",
            says: ["[new tag]         heavy -> heavy", "heavier -> heavier", "light -> light"],
            then: "test $(git ls-remote bim heavier | cut -c1-40) = $(git rev-parse heavier)"),
        Row(given: "git tag -f light HEAD~1", push: "bim light", status: 1, says: ["(already exists)"]),
        Row(push: "--force bim light", says: ["light -> light (forced update)"]),
        Row(
            given: "git commit -q --allow-empty -m three; git tag -a -m c followed", push: "--follow-tags bim main",
            says: ["followed -> followed", "main -> main"]),
        Row(given: "git checkout -q --detach", push: "bim HEAD", status: 1, says: ["not a full refname"]),
        Row(
            push: "bim HEAD:refs/heads/detached", says: ["[new branch]      HEAD -> detached"],
            then: "git checkout -q main"),
        Row(push: "bim ':/two:refs/heads/by-text'", says: ["[new branch]"]),
        Row(
            push: "bim 'HEAD^{/two}:refs/heads/grüße/\"x\"'", says: ["[new branch]"],
            then: "git ls-remote bim | grep -q 'grüße/\"x\"$'"),
        Row(push: "bim main:detached/below", status: 1, says: ["[remote rejected]"]),
        Row(push: "bim :detached main:detached/below", says: ["[deleted]", "[new branch]"]),
        Row(given: "git notes add -m note", push: "bim refs/notes/commits", says: ["[new reference]"]),
        Row(
            given: "git update-ref refs/notes/commits $(git commit-tree -m other HEAD^{tree})",
            push: "bim refs/notes/commits", status: 1, says: ["(non-fast-forward)"]),
        Row(push: "bim HEAD^{tree}:refs/notes/commits", status: 1, says: ["(needs force)"]),
        Row(
            push: "--dry-run bim main:dry :by-text", says: ["[new branch]", "[deleted]"],
            then: "test -z \"$(git ls-remote bim dry)\""),
        Row(
            push: "--porcelain bim main~1:main", status: 1, says: [],
            then: "grep -qx '!\tmain~1:refs/heads/main\t\\[rejected\\] (non-fast-forward)' out"),
        Row(push: "--quiet bim main:quiet", says: [], then: "test ! -s out"),
        Row(push: "--signed bim main:signed", status: 128, says: ["does not support --signed"]),
        Row(push: "--signed=if-asked bim main:signed", says: ["[new branch]"]),
        Row(
            push: "--set-upstream bim main:up", says: ["[new branch]"],
            then: "test $(git rev-parse --abbrev-ref main@{upstream}) = bim/up"),
        Row(
            push: "--atomic bim main:one main~1:main", status: 1, says: ["atomic push failed"],
            then: "test -z \"$(git ls-remote bim one)\""),
        Row(push: "--atomic bim main:one main:two", says: ["main -> one", "main -> two"]),
        Row(
            given: "git branch -q kept; git branch -q also", push: "--prune bim 'refs/heads/*:refs/heads/*'",
            says: ["[deleted]         one", "also -> also"],
            refs: [
                "refs/heads/also", "refs/heads/kept", "refs/heads/main", "refs/notes/commits", "refs/tags/followed",
                "refs/tags/heavier", "refs/tags/heavy", "refs/tags/light",
            ]),
        Row(
            given: "git update-ref refs/stash $(git commit-tree -m stash HEAD^{tree})", push: "bim refs/stash",
            status: 1, says: ["[remote rejected]"]),
        Row(
            given: "git update-ref -d refs/stash; git update-ref -d refs/notes/commits", push: "--mirror bim",
            says: ["[deleted]         refs/notes/commits", "bim/kept -> bim/kept"],
            then: "test -z \"$(git ls-remote bim 'refs/notes/*')\""),
        Row(push: "bim nosuch", status: 1, says: ["src refspec nosuch does not match any"]),
        // Sources that are no branch.
        Row(push: "bim $(git rev-parse main~1):refs/heads/by-id", says: ["[new branch]"]),
        Row(push: "bim main@{0}:refs/heads/by-reflog", says: ["[new branch]"]),
        Row(push: "bim heavier^{commit}:refs/heads/by-tag", says: ["heavier^{commit} -> by-tag"]),
        // Several at once; what one is refused holds up no other.
        Row(
            push: "bim main:m1 main~1:refs/heads/m2 main~1:main", status: 1,
            says: ["main -> m1", "main~1 -> m2", "main~1 -> main (non-fast-forward)"],
            then: "test $(git ls-remote bim m1 m2 | wc -l) = 2"),
        Row(
            given: "git branch -q lately", push: "--all bim", says: ["lately -> lately"],
            then: "test $(git rev-parse bim/lately) = $(git rev-parse main)"),
        Row(
            given: "git update-ref refs/remotes/bim/m1 main~1",
            push: "--force-with-lease --force-if-includes bim main~1:refs/heads/m1", status: 1, says: ["(stale info)"]),
        Row(push: "-v bim main:m1", says: ["To bim::", "= [up to date]      main -> m1"]),
        Row(push: "--no-progress bim main:m3", says: ["[new branch]"], then: "! grep -q '\r' err"),
        Row(push: "--progress bim main:m4", says: ["[new branch]"]),
        // Places.
        Row(
            given: "mkdir -p deep; (cd deep && git push -q bim main:from-below)", push: "bim main:from-below",
            says: ["Everything up-to-date"]),
        Row(
            given: "git worktree add -q --detach ../tree && git -C ../tree push -q bim HEAD:refs/heads/from-tree",
            push: "bim main:from-tree", says: ["Everything up-to-date"]),
        Row(
            given: """
                git clone -q -s . ../borrower; cd ../borrower; git config bim.deploy never
                git remote add bim $(git -C "$OLDPWD" remote get-url bim)
                git commit -q --allow-empty -m borrowed; git push -q bim HEAD:refs/heads/borrowed; cd "$OLDPWD"
                """, push: "bim main:borrowed", status: 1, says: ["(fetch first)"]),
        Row(
            given: "git clone -q --bare . ../bare.git; cd ../bare.git; git config bim.deploy never; "
                + "git push -q $(git -C \"$OLDPWD\" remote get-url bim) main:from-bare; cd \"$OLDPWD\"",
            push: "bim main:from-bare", says: ["Everything up-to-date"]),
        Row(
            given: "git clone -q --depth 1 $(git remote get-url bim) ../shallow; cd ../shallow; "
                + "git config bim.deploy never; git commit -q --allow-empty -m shallow; "
                + "git push -q origin HEAD:refs/heads/shallow; cd \"$OLDPWD\"",
            push: "bim main:shallow", status: 1, says: ["(fetch first)"]),
    ]

    @Test("Every command reads as git reads and leaves the refs as git leaves them", arguments: Keeper.allCases)
    func table(_ keeper: Keeper) async throws {
        let sandbox = try Sandbox()
        let project: Project
        switch keeper {
        case .platform: project = try await Project(in: sandbox)
        case .repository:
            try await sandbox.git("init --quiet --bare -b main \(sandbox.root)/store.git").success()
            project = try await Project(in: sandbox, remote: "bim::\(sandbox.root)/store.git")
        }
        try await project.git("config bim.deploy never").success()
        try await project.git("config core.quotePath false").success()
        try await project.commit("one", ["README": "read me\n", ".gitignore": "out\nerr\n"])
        for row in Self.rows {
            let script = "\(row.given)\ngit push \(row.push) >out 2>err"
            let push = try await sandbox.run(["sh", "-c", script], in: project.folder)
            let said = try String(contentsOfFile: project.folder + "/err", encoding: .utf8)
            #expect(push.status == row.status, "\(row.push): \(push) \(said)")
            for text in row.says { #expect(said.contains(text), "\(row.push): \(said)") }
            if row.push.contains("--quiet") { #expect(said == "", "\(row.push)") }
            let then = try await sandbox.run(["sh", "-c", row.then], in: project.folder)
            #expect(then.status == 0, "after \(row.push): \(row.then)\n\(then)\(said)")
            if let refs = row.refs {
                let listing = try await project.git("ls-remote --refs bim").success().stdout
                #expect(listing.split(separator: "\n").map { String($0.dropFirst(41)) } == refs, "\(row.push)")
            }
        }
    }

    @Test("Reading: prune, show, an object id, deepening, all remotes, a lazy blob, refs of a remote that is not there")
    func reading() async throws {
        let sandbox = try Sandbox()
        let project = try await Project(in: sandbox)
        try await project.git("config bim.deploy never").success()
        for number in 1...4 {
            try await project.commit("Step \(number)", ["file": "\(number)", "old-\(number)": "x\(number)"])
        }
        try await project.push("main main:alpha").success()
        #expect(try await project.git("remote show bim").success().stdout.contains("HEAD branch: main"))
        try await project.push(":alpha").success()
        try await project.git("update-ref refs/remotes/bim/gone main").success()
        #expect(try await project.git("remote prune bim").success().stdout.contains("bim/gone"))
        let copy = Project(existing: "\(sandbox.root)/copy", in: sandbox)
        try await sandbox.git("clone --quiet --depth 1 --filter=blob:none \(project.remote) \(copy.folder)").success()
        try await copy.git("fetch --quiet --deepen 1").success()
        #expect(try await copy.git("rev-list --count HEAD").success().stdout == "2\n")
        try await copy.git("fetch --quiet origin \(try await project.objectID("main~3"))").success()
        try await copy.git("fetch --quiet --unshallow").success()
        try await copy.git("fetch --quiet --depth 1").success()
        #expect(try await copy.git("rev-list --count HEAD").success().stdout == "1\n")
        try await copy.git("fetch --quiet --shallow-since=2000-01-01 --all --tags").success()
        #expect(try await copy.git("rev-list --count HEAD").success().stdout == "4\n")
        #expect(try await copy.git("show HEAD~3:file").success().stdout == "1")
        let missing = try await sandbox.git("ls-remote bim::local/\(sandbox.app)-none").failure(128)
        #expect(missing.stderr.contains("APP_NOT_FOUND"))
    }
}
