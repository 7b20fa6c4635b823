import Testing

@testable import ProjectConfig

struct BranchPatternTests {
    @Test(
        "a star stays within one part of the name, two cross slashes",
        arguments: [
            ("main", "main", true), ("main", "Main", false), ("main", "main2", false),
            ("release/*", "release/1.2", true),
            ("release/*", "release/", true), ("release/*", "release/a/b", false), ("release/**", "release/a/b", true),
            ("*", "main", true), ("*", "a/b", false), ("**", "a/b", true), ("***", "a/b", true), ("v?", "v1", true),
            ("v?", "v", false),
            ("v?", "v/", false), ("*-fix", "hot-fix", true), ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxaxx", false),
            ("fix/*-*", "fix/a-b-c", true), ("größe/*", "größe/ü", true),
        ])
    func matches(pattern: String, branch: String, expected: Bool) throws {
        #expect(try #require(BranchPattern(pattern)).matches(branch) == expected)
    }

    @Test(
        "two patterns overlap when one name matches both",
        arguments: [
            ("main", "main", true), ("main", "master", false), ("*", "main", true), ("a/*", "*/b", true),
            ("a/*", "b/*", false),
            ("a*", "*b", true), ("a*c", "b*c", false), ("**", "x/y/z", true), ("*", "**/x", false),
            ("a/*", "**/x", true), ("?", "??", false),
            ("a?c", "ab*", true), ("release/*", "release/v*", true), ("release/*", "release/*/x", false),
        ])
    func overlaps(left: String, right: String, expected: Bool) throws {
        let (left, right) = (try #require(BranchPattern(left)), try #require(BranchPattern(right)))
        #expect(left.overlaps(right) == expected)
        #expect(right.overlaps(left) == expected)
    }

    @Test("many stars cost no time")
    func manyStars() throws {
        let pattern = try #require(BranchPattern(String(repeating: "*a", count: 120)))
        #expect(!pattern.matches(String(repeating: "a", count: 119) + "b"))
    }

    @Test(
        "what no branch can be called is no pattern",
        arguments: [
            "", "a b", "a~b", "a^", "a:b", "a\\b", "[ab]", "/a", "a/", "a//b", "a..b", "a@{b", "-a", "refs/heads/a",
            "a\n",
            "a\u{7F}", String(repeating: "a", count: 251),
        ])
    func invalid(text: String) {
        #expect(BranchPattern(text) == nil)
    }

    @Test(
        "plain names are told from patterns", arguments: [("main", true), ("a/b", true), ("*", false), ("v?", false)])
    func plainNames(text: String, expected: Bool) throws {
        #expect(try #require(BranchPattern(text)).isPlainName == expected)
    }
}
