import Diagnostics
import Testing
import Workspaces

@testable import HookManager
@testable import Workspaces

struct ReportTests {
    private func outcome(_ name: String, _ status: CheckOutcome.Status, lastLines: [String] = []) -> CheckOutcome {
        CheckOutcome(
            hook: "pre-push", name: name, command: "run", tree: "t", commit: "0123456789", status: status,
            duration: 1.5,
            reason: status == .passed ? nil : "exited with status 1", log: "/log/\(name)", lastLines: lastLines)
    }

    private func report(_ outcomes: CheckOutcome...) -> HookReport {
        var report = HookReport()
        report.outcomes = outcomes
        return report
    }

    @Test("What passed is no failure; the first failure names its check and log, several name all")
    func failure() {
        #expect(report(outcome("a", .passed), outcome("b", .unaffected)).failure == nil)
        let one = report(outcome("a", .passed), outcome("b", .failed)).failure
        #expect(one?.code == .testsFailed)
        #expect(one?.message == "the check 'b' failed on 0123456: it exited with status 1")
        #expect(one?.hint == "the whole output is in /log/b")
        let two = report(outcome("a", .timedOut), outcome("b", .failed)).failure
        #expect(two?.message == "2 checks failed on 0123456: 'a', 'b'")
        #expect(two?.code == .testsFailed)
        #expect(report(outcome("a", .timedOut)).failure?.code == .testsTimeout)
    }

    @Test("The JSON lines end in a sum, and hold a newline nowhere else")
    func jsonLines() {
        let lines = report(outcome("a\nb", .remembered), outcome("c", .skipped)).jsonLines().split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].contains(#""status":"remembered""#))
        #expect(lines[2] == #"{"failed":0,"others":1,"passed":1,"type":"summary"}"#)
    }

    @Test("JUnit counts and escapes")
    func junit() {
        let text = report(outcome("a<b", .failed, lastLines: ["\u{1B}[31m&\"", "]]>"]), outcome("c", .notRun)).junit()
        #expect(text.contains(#"<testsuite name="pre-push" tests="2" failures="1" skipped="1" time="3.0">"#))
        #expect(text.contains(#"<testcase name="a&lt;b" classname="pre-push" time="1.5">"#))
        #expect(text.contains("\u{FFFD}[31m&amp;&quot;\n]]&gt;</failure>"))
    }

    @Test("Caches are kept by name in every folder and by path, and what leads to one is looked into")
    func caches() {
        let caches = CacheFolders(["vendor/deep", "own"])
        let verdict = { (path: String) in
            caches.verdict(name: Array((path.split(separator: "/").last ?? "").utf8), path: Array(path.utf8))
        }
        #expect([".build", "a/node_modules", "x/own", "vendor/deep"].map(verdict).allSatisfy { $0 == .keep })
        #expect(verdict("vendor") == .lookInside)
        #expect(["other", "x/vendor", "vendor/deeper"].map(verdict).allSatisfy { $0 == .remove })
    }
}
