package import Diagnostics

/// `git bim explain`.
package enum CodeExplanation {
    private struct Document: Encodable {
        let v = JSONShape.version
        let codes: [Code]
    }

    private struct Code: Encodable {
        let code: ErrorCode
        let exitStatus: Int32
        let retryable: Bool
        let meaning: String
        let cure: String

        init(_ code: ErrorCode) {
            let explanation = Explanation(of: code)
            self.code = code
            (exitStatus, retryable) = (code.exitStatus, code.isRetryable)
            (meaning, cure) = (explanation.meaning, explanation.cure)
        }
    }

    package static func of(_ code: ErrorCode) -> CommandOutput {
        let facts = Code(code)
        let again = facts.retryable ? "; the same attempt may succeed when it is made again" : ""
        return CommandOutput(
            """
            \(code.rawValue) (exit status \(facts.exitStatus)\(again))
              \(facts.meaning)
            hint: \(facts.cure)
            """, json: Document(codes: [facts]))
    }

    package static var list: CommandOutput {
        let codes = ErrorCode.allCases.map(Code.init)
        let width = codes.map(\.code.rawValue.count).max() ?? 0
        let lines = codes.map { code in
            let name = code.code.rawValue
            return name + String(repeating: " ", count: width - name.count) + "  " + code.meaning
        }
        return CommandOutput(lines.joined(separator: "\n"), json: Document(codes: codes))
    }
}
