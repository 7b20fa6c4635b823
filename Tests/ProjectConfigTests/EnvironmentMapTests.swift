import Testing

@testable import ProjectConfig

struct EnvironmentMapTests {
    private static func map(_ environments: String = "{}") throws -> EnvironmentMap {
        EnvironmentMap(try ProjectConfig.parse("environments: \(environments)"))
    }

    @Test(
        "without a configuration every ref means something",
        arguments: [
            ("refs/heads/main", RefMeaning.environment(name: "production", isPreview: false)),
            ("refs/heads/master", .environment(name: "production", isPreview: false)),
            ("refs/heads/feature", .environment(name: "feature", isPreview: true)),
            ("refs/heads/Main", .environment(name: "main-6b909f", isPreview: true)),
            ("refs/tags/v1", .store), ("refs/tags/a/b", .store), ("refs/notes/commits", .store), ("refs/stash", .store),
            ("refs/remotes/origin/main", .store), ("refs/pull/1/head", .store),
        ])
    func defaults(ref: String, meaning: RefMeaning) throws {
        #expect(try Self.map().meaning(ofRef: ref) == meaning)
    }

    @Test(
        "what means nothing is refused with the mapping",
        arguments: [
            ("refs/bim/source", "'refs/bim/source' is kept for the platform"),
            ("refs/bim", "'refs/bim' is kept for the platform"),
            ("main", "'main' is not a full ref name"), ("HEAD", "'HEAD' is not a full ref name"),
            ("", "'' is not a full ref name"),
            ("refs", "'refs' is not a full ref name"), ("refs/", "'refs/' is not a full ref name"),
            ("refs/heads/", "'refs/heads/' is not a full ref name"),
            ("refs/heads", "'refs/heads' names no branch or tag"),
            ("heads/main", "'heads/main' is not a full ref name"),
            ("xrefs/heads/main", "'xrefs/heads/main' is not a full ref name"),
        ])
    func refused(ref: String, reason: String) throws {
        let map = try Self.map()
        #expect(map.meaning(ofRef: ref) == .refused(reason: "\(reason); \(map.describe())"))
    }

    @Test(
        "where main goes depends on what is declared",
        arguments: [
            // Another environment has neither branch: production is implied.
            ("{staging: {branches: develop}}", "main", "production", false),
            ("{staging: {branches: develop}}", "develop", "staging", false),
            ("{staging: {branches: develop}}", "staging", "staging-", true),
            // Production is declared without branches: it has its usual ones.
            ("{production: {protected: true}}", "main", "production", false),
            ("{production: {protected: true}}", "master", "production", false),
            // Production is declared with other branches: main is a preview.
            ("{production: {branches: stable}}", "stable", "production", false),
            ("{production: {branches: stable}}", "main", "main", true),
            ("{production: {branches: []}}", "main", "main", true),
            // Another environment has main: production is not implied, master is a preview.
            ("{live: {branches: main}}", "main", "live", false), ("{live: {branches: main}}", "master", "master", true),
            ("{live: {branches: main}}", "production", "production-", true),
            // A pattern can take main, but a name goes before it.
            ("{all: {branches: '*'}}", "main", "all", false),
            ("{all: {branches: '**'}, production: {branches: main}}", "main", "production", false),
            ("{all: {branches: '**'}, production: {branches: main}}", "a/b", "all", false),
            ("{all: {branches: '*'}, production: {}}", "main", "production", false),
            ("{staging: {branches: 'release/*'}}", "release/1", "staging", false),
            ("{staging: {branches: 'release/*'}}", "release/1/x", "release-1-x-", true),
        ])
    func mapped(environments: String, branch: String, name: String, isPreview: Bool) throws {
        let meaning = try Self.map(environments).meaning(ofRef: "refs/heads/\(branch)")
        guard case .environment(let found, isPreview) = meaning else {
            Issue.record("unexpected \(meaning)")
            return
        }
        #expect(name.hasSuffix("-") ? found.dropLast(6) == name : found == name)
    }

    @Test(
        "the mapping is one line",
        arguments: [
            ("{}", "main, master → production"),
            (
                "{live: {branches: main}, staging: {branches: ['release/*', next]}}",
                "main → live; release/*, next → staging"
            ),
            ("{qa: {branches: []}}", "no branch → qa; main, master → production"),
        ])
    func described(environments: String, text: String) throws {
        let rest = "; any other branch → a preview of its own; tags and other refs → stored, not deployed"
        #expect(try Self.map(environments).describe() == text + rest)
    }

    @Test("the rule of an environment is found, that of a preview is not")
    func rules() throws {
        let map = try Self.map("{staging: {protected: true}}")
        #expect(map.rule(named: "staging")?.protected == true)
        #expect(map.rule(named: "production")?.protected == false)
        #expect(map.rule(named: "feature") == nil)
    }
}
