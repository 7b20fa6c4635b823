import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// Reads a secret: the first line of standard input, which a terminal does not show while it is typed.
enum SecretPrompt {
    /// - Parameters:
    ///   - name: what is asked for.
    ///   - code: what its absence means.
    ///   - hint: the command that reads it.
    static func read(_ name: String, missing code: ErrorCode, hint: String) throws(UserError) -> String {
        guard isatty(STDIN_FILENO) == 1 else { return try line(name, code, hint) }
        LineReporter.toStandardError("\(name): ")
        var shown = termios()
        tcgetattr(STDIN_FILENO, &shown)
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        // Ctrl-C must not leave a terminal that shows nothing.
        hidden.c_lflag &= ~tcflag_t(ISIG)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
            LineReporter.toStandardError("\n")
        }
        let text = try line(name, code, hint)
        guard !text.contains("\u{3}") else { throw UserError(.interrupted, "interrupted", hint: hint) }
        return text
    }

    private static func line(_ name: String, _ code: ErrorCode, _ hint: String) throws(UserError) -> String {
        guard let text = readLine() else {
            throw UserError(code, "there is no \(name) on standard input", hint: hint)
        }
        return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
