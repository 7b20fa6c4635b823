import Diagnostics
import PlatformAPI
import Testing

extension ServerTests {
    @Suite("Refs that deploy nothing")
    struct RefTests {
        /// Runs `body` beside a platform that has two commits under `refs/bim/source/`.
        private func withSource(
            _ body: (_ platform: TestPlatform, _ git: GitClient, _ commits: [String]) async throws -> Void
        ) async throws {
            try await withPlatform { platform in
                let git = try await GitClient()
                let commits = [try await git.commit("first"), try await git.commit("second")]
                try await git.pushSource(to: platform)
                try await body(platform, git, commits)
            }
        }

        private func change(_ platform: TestPlatform, _ changes: RefChange...) async throws -> WebAnswer {
            try await platform.send("POST", "\(platform.path)/refs", json: changes)
        }

        private func refs(_ platform: TestPlatform) async throws -> [String: String] {
            let records = try await platform.send("GET", "\(platform.path)/refs").decode([RefRecord].self)
            return Dictionary(uniqueKeysWithValues: records.map { ($0.ref, $0.objectID) })
        }

        @Test("A tag is stored, moved and deleted, and git sees it")
        func tag() async throws {
            try await withSource { platform, git, commits in
                let made = try await change(platform, RefChange(ref: "refs/tags/v1", old: nil, new: commits[0]))
                #expect(made.status == 200)
                #expect(try made.decode([RefRecord].self).map(\.ref) == ["refs/tags/v1"])
                #expect(try await git.git("ls-remote", platform.gitURL) == "\(commits[0])\trefs/tags/v1")
                let moved = try await change(
                    platform, RefChange(ref: "refs/tags/v1", old: commits[0], new: commits[1]))
                #expect(moved.status == 200)
                #expect(try await refs(platform) == ["refs/tags/v1": commits[1]])
                let deleted = try await change(platform, RefChange(ref: "refs/tags/v1", old: commits[1], new: nil))
                #expect(deleted.status == 200)
                #expect(try await refs(platform) == [:])
                #expect(try await git.git("ls-remote", platform.gitURL) == "")
            }
        }

        @Test("A stale change is refused with the id that the ref has, and none of its request is done")
        func stale() async throws {
            try await withSource { platform, _, commits in
                _ = try await change(platform, RefChange(ref: "refs/tags/v1", old: nil, new: commits[0]))
                for old in [nil, commits[1]] {
                    let answer = try await change(
                        platform, RefChange(ref: "refs/notes/build", old: nil, new: commits[0]),
                        RefChange(ref: "refs/tags/v1", old: old, new: commits[1]))
                    #expect(try expectProblem(.staleRef, 412, in: answer).current == commits[0])
                }
                let missing = try await change(
                    platform, RefChange(ref: "refs/tags/none", old: commits[0], new: commits[1]))
                #expect(try expectProblem(.staleRef, 412, in: missing).current == nil)
                #expect(try await refs(platform) == ["refs/tags/v1": commits[0]])
            }
        }

        @Test("The platform's own refs, ill-formed names and unknown objects are refused")
        func invalid() async throws {
            try await withSource { platform, _, commits in
                for ref in ["refs/stash", "refs/bim/source/x", "refs/tags/a..b", "refs/tags/", "HEAD"] {
                    let answer = try await change(platform, RefChange(ref: ref, old: nil, new: commits[0]))
                    try expectProblem(.configInvalid, 422, in: answer)
                }
                for object in [String(repeating: "1", count: 40), "main", "--help"] {
                    let answer = try await change(platform, RefChange(ref: "refs/tags/v1", old: nil, new: object))
                    try expectProblem(.configInvalid, 422, in: answer)
                }
                #expect(try await refs(platform) == [:])
            }
        }

        @Test("A ref and one below it cannot both be")
        func conflict() async throws {
            try await withSource { platform, _, commits in
                _ = try await change(platform, RefChange(ref: "refs/tags/a", old: nil, new: commits[0]))
                let answer = try await change(platform, RefChange(ref: "refs/tags/a/b", old: nil, new: commits[0]))
                #expect(try expectProblem(.configInvalid, 409, in: answer).detail.contains("refs/tags/a"))
            }
        }

        @Test("Refs that have not changed are not told again")
        func notModified() async throws {
            try await withSource { platform, _, commits in
                let first = try await platform.send("GET", "\(platform.path)/refs")
                let tag = try #require(first.headers["etag"])
                let again = try await platform.send("GET", "\(platform.path)/refs", headers: ["If-None-Match": tag])
                #expect(again.status == 304)
                #expect(again.headers["etag"] == tag)
                _ = try await change(platform, RefChange(ref: "refs/tags/v1", old: nil, new: commits[0]))
                let changed = try await platform.send("GET", "\(platform.path)/refs", headers: ["If-None-Match": tag])
                #expect(changed.status == 200)
                #expect(changed.headers["etag"] != tag)
            }
        }
    }
}
