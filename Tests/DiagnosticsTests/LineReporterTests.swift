import Diagnostics
import Testing

struct LineReporterTests {
    @Test("a push is told in lines, each with its duration at the same place")
    func story() {
        let story = Transcript.of(
            .headline("acme/api  main → production  3f2a1c9 \"Fix login\""),
            .notice("2 changed files in this folder are not in the commit"),
            .finished(.test, "passed on this tree 2 minutes ago", nil),
            .finished(.build, "own builder, 46 layers, 2 new", .milliseconds(100)),
            .finished(.upload, "acme/api, 2 of 46 layers, 38 kB", .milliseconds(300)),
            .finished(.deploy, "release 42, healthy after 2 probes", .milliseconds(65_400)),
            .output("KeyError: 'DATABASE_URL'"),
            .live(url: "https://acme-api.example.org", .milliseconds(1600)))
        #expect(
            story == """
                bim: acme/api  main → production  3f2a1c9 "Fix login"
                     2 changed files in this folder are not in the commit
                  test    passed on this tree 2 minutes ago
                  build   own builder, 46 layers, 2 new                             0.1 s
                  upload  acme/api, 2 of 46 layers, 38 kB                           0.3 s
                  deploy  release 42, healthy after 2 probes                        1 min 5 s
                          | KeyError: 'DATABASE_URL'
                  live    https://acme-api.example.org                              1.6 s

                """)
    }

    @Test("a text that is too long for the column keeps two blanks before its duration")
    func longText() {
        let text = String(repeating: "x", count: 70)
        #expect(Transcript.of(.finished(.upload, text, .seconds(1))) == "  upload  \(text)  1.0 s\n")
    }

    @Test("a quiet reporter prints failures and nothing else")
    func quiet() {
        let error = UserError(.crashed, "it ended")
        let printed = Transcript.of(
            .headline("head"), .notice("notice"), .progress(.build, "at work"), .finished(.build, "done", .seconds(1)),
            .output("line"), .live(url: "http://x", .seconds(1)), .failure(error), .fatal(error), style: .quiet)
        #expect(printed == "error: it ended\nerror: it ended (CRASHED)\n")
    }

    @Test("an error without hint and cause is one line, under -v too")
    func bareError() {
        let error = UserError(.internal, "it ended")
        #expect(Transcript.of(.failure(error), style: .verbose) == "error: it ended\n")
    }

    @Test("a terminal's running step is one line that is rewritten, and gone when the next line comes")
    func rewriting() {
        let printed = Transcript.of(
            .progress(.build, "1 of 2 layers"), .progress(.build, "2 of 2 layers"), .finished(.build, "2 layers", nil),
            .notice("next"), style: .terminal)
        let clear = "\r\u{1B}[K"
        #expect(
            printed == "\(clear)  build   1 of 2 layers\(clear)  build   2 of 2 layers"
                + "\(clear)  build   2 layers\n     next\n")
    }

    @Test("a rewritten line is cut, as a wrapped one could not be rewritten")
    func cutProgress() {
        let printed = Transcript.of(.progress(.build, String(repeating: "x", count: 100)), style: .terminal)
        #expect(printed == "\r\u{1B}[K  build   " + String(repeating: "x", count: 64))
    }

    @Test("without a terminal progress is no line of its own at first, and nothing is rewritten")
    func plainProgress() {
        let printed = Transcript.of(.progress(.build, "1 of 2 layers"), .finished(.build, "2 layers", nil))
        #expect(printed == "  build   2 layers\n")
    }

    @Test("colour is for the words error and hint alone")
    func color() {
        let error = UserError(.crashed, "it ended", hint: "git push")
        let printed = Transcript.of(.notice("as it is"), .failure(error), style: .colored)
        #expect(
            printed == "     as it is\n\u{1B}[31merror:\u{1B}[0m it ended\n\u{1B}[33mhint:\u{1B}[0m git push\n")
    }

    @Test("text from elsewhere neither moves the cursor nor forges a line, wherever it stands")
    func hostileText() {
        let text = "a\u{1B}[2K\rok\nerror: forged"
        let safe = "a\u{FFFD}[2K\u{FFFD}ok\u{FFFD}error: forged"
        let error = UserError(.crashed, text, hint: text, cause: Said(description: text))
        #expect(Transcript.of(.headline(text)) == "bim: \(safe)\n")
        #expect(Transcript.of(.notice(text)) == "     \(safe)\n")
        #expect(Transcript.of(.output(text)) == "          | \(safe)\n")
        #expect(Transcript.of(.finished(.test, text, nil)) == "  test    \(safe)\n")
        #expect(Transcript.of(.progress(.test, text), style: .terminal) == "\r\u{1B}[K  test    \(safe)")
        #expect(Transcript.of(.live(url: text, .zero)).hasPrefix("  live    \(safe)  "))
        let cause = "caused by: a\u{FFFD}[2K\n           ok\n           error: forged"
        #expect(
            Transcript.of(.failure(error), style: .verbose) == "error: \(safe)\nhint: \(safe)\n\(cause)\n")
    }

    @Test("what another program said under -v keeps its lines")
    func causes() {
        let error = UserError(.buildFailed, "it failed", cause: Said(description: "remote: one\n\nfatal: two\n"))
        #expect(
            Transcript.of(.failure(error), style: .verbose)
                == "error: it failed\ncaused by: remote: one\n           fatal: two\n")
    }

    @Test(
        "git's word on progress and the terminal together say how it is shown",
        arguments: [
            (true, true, "xterm", "rewritten"), (true, nil, "xterm", "rewritten"), (true, false, "xterm", "none"),
            (true, true, "dumb", "signsOfLife"), (false, true, "xterm", "eachSecond"),
            (false, false, "xterm", "signsOfLife"), (false, nil, "xterm", "signsOfLife"),
        ] as [(Bool, Bool?, String, String)])
    func progressStyle(isTerminal: Bool, progress: Bool?, terminal: String, shown: String) {
        let style = LineReporter.Style.detected(
            environment: ["TERM": terminal], verbosity: 1, progress: progress, isTerminal: isTerminal)
        #expect("\(style.progress)" == shown)
    }

    private struct Said: Error, CustomStringConvertible {
        let description: String
    }
}
