import Diagnostics
import PlatformAPI
import ProcessRunner
import Testing

extension ServerTests {
    @Suite("The git repository")
    struct GitTests {
        @Test("A clone has what is live, and fetches what becomes live")
        func clone() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                _ = try await app.deploy(app.request())
                let git = app.source
                let clone = git.folder.path + "/clone"
                try await git.git("clone", "--quiet", platform.gitURL, clone)
                #expect(try await git.git("rev-parse", "HEAD", in: clone) == app.commit)
                #expect(try await git.git("branch", "--show-current", in: clone) == "main")
                #expect(try await git.git("show", "HEAD:file", in: clone) == "first")

                let commit = try await git.commit("second")
                try await git.pushSource(to: platform)
                try await git.git("fetch", "--quiet", in: clone)
                #expect(try await git.git("rev-parse", "origin/main", in: clone) == app.commit, "not live yet")
                _ = try await app.deploy(app.request(commit: commit, old: app.commit))
                try await git.git("pull", "--quiet", in: clone)
                #expect(try await git.git("rev-parse", "HEAD", in: clone) == commit)
                #expect(try await git.git("fsck", "--strict", in: clone) == "")
            }
        }

        @Test("A shallow and a partial clone work")
        func partial() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                let commit = try await app.source.commit("second")
                try await app.source.pushSource(to: platform)
                _ = try await app.deploy(app.request(commit: commit))
                let git = app.source
                for (name, option, count) in [("shallow", "--depth=1", "1"), ("partial", "--filter=blob:none", "2")] {
                    let clone = git.folder.path + "/" + name
                    try await git.git("clone", "--quiet", option, platform.gitURL, clone)
                    #expect(try await git.git("rev-list", "--count", "HEAD", in: clone) == count)
                    #expect(try await git.git("show", "HEAD:file", in: clone) == "second")
                }
            }
        }

        @Test("A push to a branch is refused with what to type instead, and nothing moves")
        func branch() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                _ = try await app.deploy(app.request())
                let commit = try await app.source.commit("second")
                for ref in ["refs/heads/main", "refs/heads/new", "refs/tags/v1", "refs/bim/other"] {
                    let answer = try await app.source.attempt(["push", platform.gitURL, "HEAD:\(ref)"])
                    #expect(!answer.status.isSuccess)
                    #expect(
                        answer.errorText.contains(
                            "bim: this repository is written by deployments; push through the remote helper:"))
                    let remote = "bim::" + platform.gitURL.replacing("x:\(platform.token)@", with: "").dropLast(4)
                    let name = ref.hasPrefix("refs/heads/") ? String(ref.dropFirst(11)) : ref
                    #expect(answer.errorText.contains("bim:     git push \(remote) \(name) "), "\(answer.errorText)")
                    #expect(answer.errorText.contains("[remote rejected]"))
                }
                let deletion = try await app.source.attempt(["push", platform.gitURL, ":refs/heads/main"])
                #expect(deletion.errorText.contains(" --delete main "), "\(deletion.errorText)")
                let mixed = try await app.source.attempt([
                    "push", platform.gitURL, "HEAD:refs/bim/source/mixed", "HEAD:refs/heads/main",
                ])
                #expect(!mixed.status.isSuccess)
                let refs = try await app.source.git("ls-remote", platform.gitURL)
                #expect(refs == "\(app.commit)\tHEAD\n\(app.commit)\trefs/heads/main")
                try expectProblem(
                    .configInvalid, 422, in: try await app.start(app.request(commit: commit, old: app.commit)))
            }
        }

        @Test("Source is taken under refs/bim/source, where it is not shown")
        func source() async throws {
            try await withPlatform { platform in
                let git = try await GitClient()
                let commit = try await git.commit("first")
                try await git.pushSource(to: platform)
                #expect(try await git.git("ls-remote", platform.gitURL) == "")
                // Whoever knows the commit may have it.
                try await git.git("init", "--quiet", git.folder.path + "/other")
                try await git.git("fetch", "--quiet", platform.gitURL, commit, in: git.folder.path + "/other")
                #expect(
                    try await git.git("rev-parse", "FETCH_HEAD", in: git.folder.path + "/other") == commit)
            }
        }

        @Test("What is no repository, or no question of git's, is refused")
        func unknown() async throws {
            try await withPlatform { platform in
                let git = try await GitClient()
                let missing = platform.gitURL.replacing("\(platform.app).git", with: "acme/none.git")
                let answer = try await git.attempt(["ls-remote", missing])
                #expect(!answer.status.isSuccess)
                #expect(answer.errorText.contains("not found"))
                let anonymous = platform.gitURL.replacing("x:\(platform.token)@", with: "")
                #expect(try await !git.attempt(["ls-remote", anonymous]).status.isSuccess)
                for query in ["", "?service=git-upload-archive", "?service="] {
                    let dumb = try await platform.send("GET", "/\(platform.app).git/info/refs\(query)")
                    try expectProblem(.configInvalid, 403, in: dumb)
                }
                let query = "info/refs?service=git-upload-pack"
                for path in ["/\(platform.app)/\(query)", "/acme/none.git/\(query)", "/Acme/none.git/\(query)"] {
                    try expectProblem(.appNotFound, 404, in: try await platform.send("GET", path))
                }
            }
        }
    }
}
