import Foundation
import Testing

@testable import ProjectConfig

struct ShellQuotingTests {
    @Test("ordinary names stay readable", arguments: ["a", "./bin/server", "A_b-1.2+x@y%z,=", "0"])
    func plain(text: String) {
        #expect(ShellQuoting.word(text) == text)
    }

    @Test(
        "the shell reads every word as it was",
        arguments: [
            "", "a b", "it's", "''", "$HOME", "`id`", "a;b", "\\", "\"", "*", "~", "#", "größe", "a\nb", "-n", "!", "(",
            "&", "\t'$(x)'",
        ])
    func shell(text: String) throws {
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", "printf '%s.' \(ShellQuoting.word(text))"]
        let output = Pipe()
        shell.standardOutput = output
        try shell.run()
        shell.waitUntilExit()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        #expect(String(decoding: bytes, as: UTF8.self) == "\(text).")
    }

    @Test(
        "Words are divided as a shell divides them, and nothing in them is expanded",
        arguments: zip(
            ["a  b", "'a b' \"c'd\"", "a\\ b", "\"$HOME \\\" \\n\"", "''", "", "x'y'z", "{a} '{{.ID}}'"],
            [["a", "b"], ["a b", "c'd"], ["a b"], ["$HOME \" \\n"], [""], [], ["xyz"], ["{a}", "{{.ID}}"]]))
    func words(_ text: String, _ words: [String]) {
        #expect(ShellQuoting.words(of: text) == words)
    }

    @Test("A quote that is not closed makes no words", arguments: ["'a", "\"a", "a\\"])
    func openQuotes(_ text: String) {
        #expect(ShellQuoting.words(of: text) == nil)
    }
}
