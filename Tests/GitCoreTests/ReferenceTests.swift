import GitCore
import Testing

/// The refs of a repository, all at once.
struct ReferenceTests {
    @Test("Every ref is there with what it leads to, symbolic ones and HEAD too; what leads nowhere is left out")
    func references() throws {
        let sandbox = try Sandbox()
        try sandbox.makeRepository()
        try sandbox.git("commit", "-q", "--allow-empty", "-m", "one", in: "repo")
        try sandbox.git("tag", "-a", "-m", "First", "v1", in: "repo")
        try sandbox.git("symbolic-ref", "refs/heads/alias", "refs/heads/main", in: "repo")
        try sandbox.git("symbolic-ref", "refs/heads/nowhere", "refs/heads/none", in: "repo")
        try sandbox.git("pack-refs", "--all", in: "repo")
        try sandbox.git("branch", "größe", in: "repo")
        let (main, tag) = (try sandbox.id("main"), try sandbox.id("v1"))
        let references = try sandbox.open().references()
        #expect(
            references == [
                "HEAD": main, "refs/heads/main": main, "refs/heads/alias": main, "refs/heads/größe": main,
                "refs/tags/v1": tag,
            ])
    }
}
