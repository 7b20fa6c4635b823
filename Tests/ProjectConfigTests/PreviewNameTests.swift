import Testing

@testable import ProjectConfig

struct PreviewNameTests {
    @Test(
        "a branch name that is a DNS label stays",
        arguments: [
            "feature", "a", "fix-12", "0", String(repeating: "a", count: 40), "x-12345", "x-1234567", "x-12345g",
        ])
    func kept(branch: String) {
        #expect(PreviewName.make(branch: branch, taken: []) == branch)
    }

    @Test(
        "any other name becomes the nearest label with a hash",
        arguments: [
            ("feature/login", "feature-login"), ("Fix", "fix"), ("a_b", "a-b"), ("-a-", "a"), ("größe", "gr-e"),
            ("日本", "preview"),
            ("a.lock.b", "a-lock-b"), (String(repeating: "a", count: 41), String(repeating: "a", count: 33)),
            (String(repeating: "ab/", count: 20), String(repeating: "ab-", count: 11).dropLast().description),
            ("feature-1a2b3c", "feature-1a2b3c"), ("staging", "staging"),
        ])
    func changed(branch: String, label: String) {
        let name = PreviewName.make(branch: branch, taken: ["staging"])
        #expect(name.hasPrefix("\(label)-"))
        #expect(name.utf8.count == label.utf8.count + 7)
        #expect(DNSLabel.isValid(name, maximumLength: 40))
    }

    @Test("the hash is the same for ever")
    func stable() {
        #expect(PreviewName.make(branch: "feature/login", taken: []) == "feature-login-c39884")
        #expect(PreviewName.make(branch: "Fix", taken: []) == "fix-1e7e22")
    }

    @Test("branches that look alike have different names")
    func distinct() {
        let branches = ["a/b", "a-b", "A-b", "a_b", "a.b", "a--b", "a/B", "a-b-", "ä-b"]
        var names = Set(branches.map { PreviewName.make(branch: $0, taken: []) })
        #expect(names.count == branches.count)
        // A branch that is called as another one's preview.
        let first = PreviewName.make(branch: "a/b", taken: [])
        names.insert(PreviewName.make(branch: first, taken: []))
        #expect(names.count == branches.count + 1)
    }

    @Test("a declared name is never used, not even by way of the hash")
    func taken() {
        let first = PreviewName.make(branch: "a/b", taken: [])
        let second = PreviewName.make(branch: "a/b", taken: [first])
        let third = PreviewName.make(branch: "a/b", taken: [first, second])
        #expect(Set([first, second, third]).count == 3)
        #expect(PreviewName.make(branch: "a/b", taken: [first]) == second)
    }
}
