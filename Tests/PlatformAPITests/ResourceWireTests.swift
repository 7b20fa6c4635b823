import PlatformAPI
import Testing

struct ResourceWireTests {
    @Test("the platform's description")
    func platform() throws {
        try Wire.expect(
            PlatformDescription(
                version: "1", platforms: [.init(os: "linux", architecture: "amd64")], artifactKinds: ["image"],
                features: ["previews"]),
            is: #"{"artifact_kinds":["image"],"features":["previews"],"#
                + #""platforms":[{"architecture":"amd64","os":"linux"}],"version":"1"}"#)
    }

    @Test("an app and its name")
    func app() throws {
        try Wire.expect(
            App(user: "acme", name: "api", createdAt: "t"), is: #"{"created_at":"t","name":"api","user":"acme"}"#)
        try Wire.expect(AppID(user: "acme", app: "api"), is: #"{"app":"api","user":"acme"}"#)
        #expect(AppID(user: "acme", app: "api").description == "acme/api")
    }

    @Test("a ref that deploys, and one that is only stored")
    func ref() throws {
        try Wire.expect(
            RefRecord(ref: "refs/heads/main", objectID: "c", environment: "production", release: 42, updatedAt: "t"),
            is: #"{"environment":"production","object_id":"c","ref":"refs/heads/main","release":42,"updated_at":"t"}"#)
        let stored = RefRecord(ref: "refs/tags/v1", objectID: "c", environment: nil, release: nil, updatedAt: "t")
        try Wire.expect(stored, is: #"{"object_id":"c","ref":"refs/tags/v1","updated_at":"t"}"#)
        let nulls = #"{"environment":null,"release":null,"object_id":"c","ref":"refs/tags/v1","updated_at":"t"}"#
        #expect(try Wire.value(RefRecord.self, nulls) == stored)
    }

    @Test("a change of a ref: made, moved, deleted")
    func refChange() throws {
        try Wire.expect(RefChange(ref: "r", old: nil, new: "b"), is: #"{"new":"b","ref":"r"}"#)
        try Wire.expect(RefChange(ref: "r", old: "a", new: "b"), is: #"{"new":"b","old":"a","ref":"r"}"#)
        try Wire.expect(RefChange(ref: "r", old: "a", new: nil), is: #"{"old":"a","ref":"r"}"#)
        let null = #"{"ref":"r","old":"a","new":null}"#
        #expect(try Wire.value(RefChange.self, null) == RefChange(ref: "r", old: "a", new: nil))
    }

    @Test("an environment with and without a release")
    func environment() throws {
        try Wire.expect(
            Environment(
                name: "production", kind: "permanent", ref: "refs/heads/main", url: "http://x", liveRelease: 42,
                state: "unreachable", problem: "port taken"),
            is: #"{"kind":"permanent","live_release":42,"name":"production","problem":"port taken","#
                + #""ref":"refs/heads/main","state":"unreachable","url":"http://x"}"#)
        try Wire.expect(
            Environment(
                name: "x", kind: "preview", ref: nil, url: "http://x", liveRelease: nil, state: "stopped", problem: nil),
            is: #"{"kind":"preview","name":"x","state":"stopped","url":"http://x"}"#)
    }

    @Test("a release")
    func release() throws {
        try Wire.expect(
            Release(number: 1, deployment: "d", commit: "c", artifact: "a@sha256:0", createdAt: "t", isLive: true),
            is: #"{"artifact":"a@sha256:0","commit":"c","created_at":"t","deployment":"d","is_live":true,"number":1}"#)
    }

    @Test(
        "a name is a DNS label of at most 40 characters",
        arguments: [
            ("api", true), ("a", true), ("0", true), ("my-api-2", true), (String(repeating: "x", count: 40), true),
            (String(repeating: "x", count: 41), false), ("", false), ("-a", false), ("a-", false), ("API", false),
            ("a_b", false), ("a.b", false), ("a/b", false), ("..", false), ("größe", false), ("a\n", false),
            ("a b", false),
        ])
    func names(name: String, isValid: Bool) {
        #expect(AppID.isValidName(name) == isValid)
    }
}
