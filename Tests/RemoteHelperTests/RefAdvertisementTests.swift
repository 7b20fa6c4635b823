import Testing

@testable import RemoteHelper

struct RefAdvertisementTests {
    private let refs = [
        RefAdvertisement.Ref(objectID: oneID, name: "refs/heads/main"),
        RefAdvertisement.Ref(objectID: twoID, name: "refs/tags/größe"),
    ]

    @Test("refs stand one to a line, closed by an empty line")
    func lines() {
        let text = "\(oneID) refs/heads/main\n\(twoID) refs/tags/größe\n\n"
        #expect(RefAdvertisement(refs: refs).lines() == Array(text.utf8))
    }

    @Test("an empty remote is an empty line")
    func empty() {
        #expect(RefAdvertisement(refs: [], head: "refs/heads/main").lines() == Array("\n".utf8))
    }

    @Test(
        "HEAD is sent when its branch is there",
        arguments: [
            ("refs/heads/main", "@refs/heads/main HEAD\n"), ("refs/heads/gone", ""),
        ])
    func head(branch: String, line: String) {
        let text = "\(line)\(oneID) refs/heads/main\n\(twoID) refs/tags/größe\n\n"
        #expect(RefAdvertisement(refs: refs, head: branch).lines() == Array(text.utf8))
    }

    @Test("the object format comes first")
    func objectFormat() {
        let wide = RefAdvertisement.Ref(objectID: oneID + oneID.prefix(24), name: "refs/heads/main")
        let text = ":object-format sha256\n@refs/heads/main HEAD\n\(wide.objectID) refs/heads/main\n\n"
        let advertisement = RefAdvertisement(refs: [wide], head: "refs/heads/main")
        #expect(advertisement.lines(objectFormat: .sha256) == Array(text.utf8))
    }

    @Test(
        "what the protocol cannot carry is left out",
        arguments: [
            (oneID, "refs/tags/v1^{}"), (oneID, "HEAD"), (oneID, "refs/heads/a b"),
            (oneID, "refs/heads/a\n\(twoID) refs/b"),
            ("abc", "refs/heads/a"), ("", "refs/heads/a"), (oneID, ""), ("@\(oneID.dropFirst())", "refs/heads/a"),
        ])
    func malformed(objectID: String, name: String) {
        let advertisement = RefAdvertisement(refs: [.init(objectID: objectID, name: name)], head: name)
        #expect(advertisement.lines() == Array("\n".utf8))
    }
}
