import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// Reads a secret: the first line of standard input, which a terminal does not show while it is typed.
enum SecretPrompt {
    /// - Parameter place: what the secret is for.
    static func read(_ place: String) throws(UserError) -> String {
        guard isatty(STDIN_FILENO) == 1 else { return try line() }
        LineReporter.toStandardError("token for \(place): ")
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
        let text = try line()
        guard !text.contains("\u{3}") else { throw UserError(.interrupted, "interrupted", hint: "git bim login") }
        return text
    }

    private static func line() throws(UserError) -> String {
        guard let text = readLine() else {
            throw UserError(
                .unauthenticated, "there is no token on standard input", hint: "git bim login < <a file with the token>"
            )
        }
        return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
