import Diagnostics
import Testing

@testable import HookManager

struct PushedRefTests {
    private static let zero = String(repeating: "0", count: 40)
    private static let one = String(repeating: "1", count: 40)

    @Test(
        "Every line that git writes is understood, whatever the source is called",
        arguments: [
            ("refs/heads/main \(one) refs/heads/main \(zero)", "refs/heads/main", "main", false),
            ("HEAD \(one) refs/heads/x \(one)", "HEAD", "x", false),
            ("main@{1 day ago} \(one) refs/heads/x \(zero)", "main@{1 day ago}", "x", false),
            ("\(one) \(one) refs/tags/v1 \(zero)", one, nil, false),
            ("(delete) \(zero) refs/heads/gone \(one)", "(delete)", "gone", true),
        ])
    func lines(line: String, source: String, branch: String?, isDeletion: Bool) throws {
        let refs = try PushedRef.parse(Array("\(line)\n".utf8))
        #expect(refs.map(\.source) == [source])
        #expect(refs.map(\.branch) == [branch])
        #expect(refs.map(\.isDeletion) == [isDeletion])
    }

    @Test("No input is no refs, and a line that git would not write is refused")
    func nonsense() throws {
        #expect(try PushedRef.parse([]).isEmpty)
        let wide = String(repeating: "0", count: 64)
        for line in [
            "nonsense", "a b c", " \(Self.one) refs/heads/x \(Self.zero)", "(delete) \(wide) refs/heads/x \(wide)",
        ] {
            let error = #expect(throws: UserError.self) { try PushedRef.parse(Array(line.utf8)) }
            #expect(error?.code == .configInvalid)
        }
    }
}
