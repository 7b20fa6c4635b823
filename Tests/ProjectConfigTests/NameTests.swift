import Testing

@testable import ProjectConfig

struct NameTests {
    @Test(
        "app names are DNS labels of at most 40 characters",
        arguments: [
            ("a", true), ("api", true), ("0", true), ("a-b", true), ("a--b", true),
            (String(repeating: "a", count: 40), true),
            ("", false), ("-a", false), ("a-", false), ("A", false), ("a_b", false), ("a.b", false), ("ä", false),
            ("acme/api", false), (String(repeating: "a", count: 41), false), ("a\n", false),
        ])
    func appNames(name: String, isValid: Bool) {
        if isValid {
            #expect(throws: Never.self) { try AppName.validate(name) }
        } else {
            #expect(throws: InvalidAppName(name: name)) { try AppName.validate(name) }
        }
    }

    @Test(
        "the nearest name is found",
        arguments: [
            ("proceses", "processes"), ("Port", "port"), ("prt", "port"), ("buld", "build"),
            ("env", "environments"),
            ("environment", "environments"), ("regitsry", "registry"), ("release_command", "release"), ("zzz", nil),
            ("x", nil),
            ("", nil), ("colour", nil),
        ])
    func nearest(name: String, known: String?) {
        let keys = ["app", "processes", "port", "release", "environments", "registry", "build"]
        #expect(NearestName.nearest(to: name, among: keys) == known)
    }

    @Test(
        "edits are counted",
        arguments: [
            ("", "", 0), ("a", "", 1), ("", "ab", 2), ("kitten", "sitting", 3), ("ab", "ba", 2), ("é", "e", 1),
            ("same", "same", 0),
        ])
    func distance(left: String, right: String, edits: Int) {
        #expect(NearestName.distance(left, right) == edits)
        #expect(NearestName.distance(right, left) == edits)
    }
}
