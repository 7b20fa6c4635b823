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
}
