extension HookReport {
    /// The outcomes as a JUnit XML document, in the form that CI servers read: one suite for each hook.
    package func junit() -> String {
        var lines = [#"<?xml version="1.0" encoding="UTF-8"?>"#, "<testsuites>"]
        var hooks: [String] = []
        for outcome in outcomes where !hooks.contains(outcome.hook) { hooks.append(outcome.hook) }
        for hook in hooks { lines += Self.suite(hook, outcomes.filter { $0.hook == hook }) }
        return (lines + ["</testsuites>", ""]).joined(separator: "\n")
    }

    private static func suite(_ hook: String, _ outcomes: [CheckOutcome]) -> [String] {
        let failures = outcomes.count { $0.status == .failed || $0.status == .timedOut }
        let skipped = outcomes.count { [.skipped, .unaffected, .notRun].contains($0.status) }
        let time = outcomes.reduce(0) { $0 + $1.duration }
        let counts = "tests=\"\(outcomes.count)\" failures=\"\(failures)\" skipped=\"\(skipped)\" time=\"\(time)\""
        return ["  <testsuite name=\"\(escaped(hook))\" \(counts)>"] + outcomes.flatMap(testCase) + ["  </testsuite>"]
    }

    private static func testCase(_ outcome: CheckOutcome) -> [String] {
        let attributes =
            "name=\"\(escaped(outcome.name))\" classname=\"\(escaped(outcome.hook))\" time=\"\(outcome.duration)\""
        let reason = escaped(outcome.reason ?? outcome.status.rawValue)
        switch outcome.status {
        case .passed, .remembered: return ["    <testcase \(attributes)/>"]
        case .failed, .timedOut:
            let text = escaped(outcome.lastLines.joined(separator: "\n"))
            return [
                "    <testcase \(attributes)>", "      <failure message=\"\(reason)\">\(text)</failure>",
                "    </testcase>",
            ]
        case .skipped, .unaffected, .notRun:
            return ["    <testcase \(attributes)>", "      <skipped message=\"\(reason)\"/>", "    </testcase>"]
        }
    }

    /// XML 1.0 has no way to write most control characters.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
