import Foundation
import Testing

/// A check that works with git in folders of its own, pushed from everywhere a repository can be pushed from: the user's
/// repository stays as it was, to the byte.
struct HookPlaceTests {
    private let hooked: HookProject

    /// What destroys repositories elsewhere: new repositories, commits, configuration, with and without an environment.
    private static let meddling = """
        set -e; cat >/dev/null; if env | grep -E "^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|CONFIG_PAR)"; then exit 9; fi; \
        cd "$(mktemp -d)"; git init -q .; git config user.name stray; git config core.bare false; echo x >x; git add x; \
        git commit -qm stray; cd "$OLDPWD"; if git rev-parse --git-dir; then exit 8; fi; \
        if git config --local user.name stray; then exit 7; fi; \
        if env -i PATH="$PATH" git config --local user.name stray; then exit 6; fi; \
        git init -q inner; touch new; rm -f app.py; echo "$BIM_COMMIT" >>"$HOME/tested"
        """

    init() async throws {
        hooked = try await HookProject()
        try await hooked.commit(HookProject.check("tests", Self.meddling), files: ["app.py": "pass\n", "sub/x": "x\n"])
        try await hooked.hooks("install").success()
    }

    /// Pushes without changing anything: a dry run calls the hook, too.
    private func expectIntact(
        _ folders: String..., pushing words: String = "push --dry-run bim HEAD:refs/heads/other",
        in folder: String, _ extra: [String: String] = [:]
    ) async throws {
        let before = try folders.map(HookProject.contents)
        let push = try await hooked.git(words, in: folder, extra)
        try #require(push.status == 0, "\(push)")
        #expect(push.stderr.contains("1 check passed"), "\(push)")
        #expect(hooked.lines("home/tested").count == 1)
        for (folder, files) in zip(folders, before) {
            let after = try HookProject.contents(of: folder)
            let changed = Set(files.keys).union(after.keys).filter { files[$0] != after[$0] }
            #expect(changed.isEmpty, "changed in \(folder): \(changed.sorted())")
        }
    }

    @Test("From the main checkout")
    func main() async throws {
        try await expectIntact(hooked.folder, in: hooked.folder)
    }

    @Test("From a subfolder, with git's own configuration on the command line")
    func subfolder() async throws {
        try await expectIntact(
            hooked.folder, pushing: "-c user.name=x push --dry-run bim HEAD:refs/heads/other",
            in: hooked.folder + "/sub")
    }

    @Test("From a linked worktree, where git's variables are absolute")
    func worktree() async throws {
        let linked = "\(hooked.sandbox.root)/linked"
        try await hooked.git("worktree add --quiet -b linked \(linked)").success()
        try await expectIntact(hooked.folder, linked, in: linked)
    }

    @Test("From a bare repository")
    func bare() async throws {
        let bare = "\(hooked.sandbox.root)/bare.git"
        try await hooked.git("clone --quiet --bare \(hooked.folder) \(bare)").success()
        try await hooked.git("remote add bim \(hooked.project.remote)", in: bare).success()
        try await hooked.hooks("install", in: bare).success()
        try await hooked.hooks("trust", in: bare).success()
        try await expectIntact(bare, in: bare)
    }

    @Test("From a submodule")
    func submodule() async throws {
        let parent = try await Project(in: hooked.sandbox, folder: "parent", remote: hooked.project.remote)
        try await parent.git("-c protocol.file.allow=always submodule --quiet add \(hooked.folder) part").success()
        try await parent.commit("Parent")
        let part = "\(parent.folder)/part"
        try await hooked.git("remote add bim \(hooked.project.remote)", in: part).success()
        try await hooked.hooks("install", in: part).success()
        try await hooked.hooks("trust", in: part).success()
        try await expectIntact(parent.folder, in: part)
    }

    @Test("Uncommitted work, the index and the stash are neither tested nor touched")
    func dirty() async throws {
        try hooked.project.write("stashed", "1")
        try await hooked.git("add stashed").success()
        try await hooked.git("stash --quiet").success()
        try hooked.project.write("app.py", "broken")
        try hooked.project.write("staged", "1")
        try await hooked.git("add staged").success()
        try hooked.project.write("untracked", "1")
        // Commands that look at the index write its refreshed form.
        try await hooked.git("status --short").success()
        try await expectIntact(hooked.folder, in: hooked.folder)
    }
}
