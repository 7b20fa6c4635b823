import GitCore
import Testing

@Suite struct RevisionTests {
    let sandbox: Sandbox

    init() throws {
        sandbox = try Sandbox()
        try sandbox.makeRepository()
    }

    private func history() throws {
        try sandbox.commit("one", message: "hello world")
        try sandbox.commit("two", to: "sub/file", message: "fix a/b")
        try sandbox.commit("three")
        try sandbox.git("tag", "-a", "v1", "-m", "One", "HEAD~1")
    }

    @Test(
        "Every syntax that a push can carry names what git says it names",
        arguments: [
            "HEAD", "@", "main", "refs/heads/main", "HEAD~1", "HEAD^", "main^{tree}", "main@{0}", "HEAD@{1}", "v1",
            "v1^{}",
            "v1^{commit}", "HEAD:sub/file", "HEAD~1:sub", ":/hello world", "HEAD^{/fix a/b}", "v1-1-gHEAD",
        ])
    func revision(text: String) throws {
        try history()
        let text = text == "v1-1-gHEAD" ? "v1-1-g\(try sandbox.id("HEAD").abbreviated())" : text
        #expect(try sandbox.open().resolve(text) == sandbox.id(text))
    }

    @Test("Object ids are resolved in full and abbreviated")
    func objectID() throws {
        try history()
        let tip = try sandbox.id("HEAD")
        let repository = try sandbox.open()
        #expect(try repository.resolve(tip.hex) == tip)
        #expect(try repository.resolve(tip.abbreviated(10)) == tip)
    }

    @Test(
        "What does not exist or cannot be parsed is not found, and named",
        arguments: [
            "", "nothing", "HEAD~99", "HEAD:nothing", "main..main", "^main", "a b", "HEAD^{nonsense}", "@{99}", "~1",
            ":/nothing",
            "1234567890123456789012345678901234567890", "HEAD\0", "--all", "main@{9999}",
        ])
    func notFound(text: String) throws {
        try history()
        let repository = try sandbox.open()
        let error = #expect(throws: GitError.self) { _ = try repository.resolve(text) }
        #expect(error?.kind == .notFound)
        #expect(error?.detail.hasPrefix("'\(text)'") == true)
    }

    @Test("A short id of two objects is ambiguous")
    func ambiguous() throws {
        try history()
        // The ids of these two blobs begin with the same four digits.
        #expect(try sandbox.blob("142").abbreviated(4) == "8324")
        #expect(try sandbox.blob("784").abbreviated(4) == "8324")
        let repository = try sandbox.open()
        #expect(sandbox.errorKind { _ = try repository.resolve("8324") } == .ambiguous)
    }

    @Test(
        "Before the first commit HEAD is unborn, whatever is asked of it",
        arguments: [
            "HEAD", "@", "main", "refs/heads/main", "HEAD~1", "HEAD^{tree}", "@{0}", "HEAD:file",
        ])
    func unborn(text: String) throws {
        let repository = try sandbox.open()
        let error = #expect(throws: GitError.self) { _ = try repository.resolve(text) }
        #expect(error?.kind == .unbornBranch)
        #expect(error?.detail == "'\(text)': 'refs/heads/main' has no commit yet")
        #expect(sandbox.errorKind { _ = try repository.resolve("other") } == .notFound)
    }

    @Test("The branch of HEAD is known before its first commit, and is none when detached")
    func branchOfHead() throws {
        #expect(try sandbox.open().branchNameOfHead() == "refs/heads/main")
        try history()
        #expect(try sandbox.open().branchNameOfHead() == "refs/heads/main")
        try sandbox.git("checkout", "-q", "--detach")
        #expect(try sandbox.open().branchNameOfHead() == nil)
    }
}
