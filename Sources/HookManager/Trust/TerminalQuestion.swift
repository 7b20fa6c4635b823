internal import Diagnostics
internal import Glibc

/// Asks a person at the terminal, whatever standard input and output are.
package enum TerminalQuestion {
    /// Shows the commands and waits for an answer; nil without a terminal, or where nobody wants to be asked.
    ///
    /// Everything but a yes is a no, a canceled task too.
    @Sendable package static func mayRun(_ commands: [String]) -> Bool? {
        if ProcessEnvironment.current["GIT_TERMINAL_PROMPT"] == "0" { return nil }
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        let list = commands.map { "    \(printable($0))\n" }.joined()
        let text = "bim: somebody else's commit asks to run, for the first time here:\n\(list)Run it? [y/N] "
        let bytes = Array(text.utf8)
        guard write(terminal, bytes, bytes.count) == bytes.count else { return nil }
        return answer(from: terminal).map { ["y", "yes"].contains($0.lowercased()) } ?? false
    }

    /// The first line, nil when the terminal goes away or the task is canceled.
    private static func answer(from terminal: Int32) -> String? {
        var line: [UInt8] = []
        while !Task.isCancelled {
            var request = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
            guard poll(&request, 1, 100) > 0 else { continue }
            var byte: UInt8 = 0
            guard read(terminal, &byte, 1) == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            if line.count < 100 { line.append(byte) }
        }
        return nil
    }
}
