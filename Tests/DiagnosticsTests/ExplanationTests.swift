import Diagnostics
import Foundation
import Testing

struct ExplanationTests {
    @Test("'git bim explain' says of a code what docs/errors.md says", arguments: ErrorCode.allCases)
    func texts(code: ErrorCode) throws {
        let checkout = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let document = try String(contentsOf: checkout.appending(path: "docs/errors.md"), encoding: .utf8)
        let explanation = Explanation(of: code)
        let row = "| `\(code.rawValue)` | \(code.exitStatus) | \(explanation.meaning) | \(explanation.cure) |"
        #expect(document.split(separator: "\n").contains { $0 == row }, "\(row)")
    }
}
