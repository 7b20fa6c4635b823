/// Quoting for POSIX `sh` (XCU 2.2).
package enum ShellQuoting {
    /// Returns the text as one word of a command.
    package static func word(_ text: String) -> String {
        let plain = text.unicodeScalars.allSatisfy { $0.isLetterOrDigit || "_./-+@%,=".unicodeScalars.contains($0) }
        if plain && !text.isEmpty { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }

    /// Returns the words of a command with their quotes taken away; nothing is expanded.
    ///
    /// - Returns: nil when a quote is not closed.
    package static func words(of text: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = text[...]
        while let character = rest.popFirst() {
            switch (character, quote) {
            case ("'", "'"), ("\"", "\""): quote = nil
            case ("'", nil), ("\"", nil):
                quote = character
                word = word ?? ""
            case ("\\", nil):
                guard let next = rest.popFirst() else { return nil }
                word = (word ?? "") + String(next)
            case ("\\", "\"") where rest.first.map { "\"\\$`".contains($0) } == true:
                word = (word ?? "") + String(rest.removeFirst())
            case (let space, nil) where space.isWhitespace:
                if let found = word { words.append(found) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { return nil }
        return words + (word.map { [$0] } ?? [])
    }
}
