/// Quoting for POSIX `sh` (XCU 2.2).
package enum ShellQuoting {
    /// Returns the text as one word of a command.
    package static func word(_ text: String) -> String {
        let plain = text.unicodeScalars.allSatisfy { $0.isLetterOrDigit || "_./-+@%,=".unicodeScalars.contains($0) }
        if plain && !text.isEmpty { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
